"""The pre-commit hook, on a small repository of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        return self.norm(self.conv(x))
"""


def git(folder: Path, *args: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a model that has a fault, and one like it in a folder that its configuration leaves out."""
    folder = tmp_path / "repository"
    (folder / "vendored").mkdir(parents=True)
    (folder / "net.py").write_text(NET, encoding="utf-8")
    (folder / "vendored" / "net.py").write_text(NET, encoding="utf-8")
    (folder / "cnnlint.toml").write_text('extend-exclude = ["vendored"]\n', encoding="utf-8")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "start")
    return folder


def test_try_repo_runs_the_hook(repository: Path, tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("try-repo clones this checkout, and this is no git checkout")
    result = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), "cnnlint", "--all-files", "--color", "never"],
        cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    output = result.stdout + result.stderr
    if "No matching distribution" in output or "ConnectionError" in output:
        pytest.skip("the hook's environment cannot be installed: no package index is reachable")
    assert "warning[CNN601]" in output
    assert "--> net.py:7:21" in output
    assert "vendored" not in output
    assert result.returncode == 1
