"""The installed command as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "fixtures" / "models"

# Deletes and writes what it can reach as soon as somebody imports it.
HOSTILE = """\
import pathlib, sys
here = pathlib.Path(__file__).parent
(here / "precious.txt").unlink()
(here / "imported.txt").write_text("ouch")
sys.exit(3)

from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.norm = nn.BatchNorm2d(8)

    def forward(self, x):
        return self.norm(self.conv(x))
"""


def cnnlint(args: Sequence[str | Path], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cnnlint", *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=300,
    )


@pytest.fixture
def without_torch(tmp_path: Path) -> str:
    """A ``PYTHONPATH`` on which torch, fvcore and torchvision cannot be imported."""
    folder = tmp_path / "blocked"
    folder.mkdir()
    for name in ("torch", "fvcore", "torchvision"):
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} must not be imported')\n", encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize(
    ("args", "allowed"),
    [
        (["--version"], set[str]()),
        (["--help"], set[str]()),
        (["check", "--help"], {"msgspec"}),
        (["explain", "CNN601"], {"msgspec"}),
        (["config", "files", "."], {"msgspec", "pathspec"}),
    ],
)
def test_what_needs_no_syntax_imports_none(args: list[str], allowed: set[str], tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("x = 1\n", encoding="utf-8")
    heavy = {"libcst", "torch", "rich", "msgspec", "pathspec", "jinja2", "pygls", "importlib.metadata"}
    code = f"import sys; from cnnlint.cli import run; run({args!r}); sys.stderr.write('\\n' + ' '.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert result.stdout
    assert heavy & set(result.stderr.split()) <= allowed


def test_user_code_is_read_and_never_run(tmp_path: Path, without_torch: str) -> None:
    (tmp_path / "net.py").write_text(HOSTILE, encoding="utf-8")
    (tmp_path / "uses_it.py").write_text("from net import Net\n\nmodel = Net()\n", encoding="utf-8")
    (tmp_path / "precious.txt").write_text("keep", encoding="utf-8")
    result = cnnlint(["net.py", "uses_it.py", "--output-format", "json"], tmp_path, PYTHONPATH=without_torch)
    assert json.loads(result.stdout)["files"]["checked"] == 2
    assert cnnlint(["summary", "net.py:Net"], tmp_path, PYTHONPATH=without_torch).returncode == 0
    assert (tmp_path / "precious.txt").read_text("utf-8") == "keep"
    assert not (tmp_path / "imported.txt").exists()


def test_the_quick_start_works_without_torch(without_torch: str) -> None:
    result = cnnlint(["fixtures/models", "--output-format", "json"], ROOT, PYTHONPATH=without_torch)
    document = json.loads(result.stdout)
    assert document["diagnostics"] == []
    assert document["files"]["checked"] == document["files"]["with_models"] == len(list(MODELS.glob("*.py")))
    assert not [finding for finding in document["findings"] if finding["severity"] == "error"]
    summary = cnnlint(["summary", "fixtures/models/cifar10_cnn.py"], ROOT, PYTHONPATH=without_torch)
    assert "323,498" in summary.stdout


def test_two_processes_say_what_one_says(tmp_path: Path) -> None:
    one, two = (
        cnnlint(["fixtures/models", "--jobs", jobs, "--output-format", "sarif"], ROOT).stdout for jobs in ("1", "2")
    )
    assert one == two


def test_a_reader_that_leaves_is_no_error() -> None:
    # A shell's `| head -0`: the reader closes the pipe before anything is written.
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "cnnlint", "explain", "CNN601"]
    result = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert (result.returncode, result.stderr) == (1, "")


def test_what_cannot_be_shown_in_the_terminals_encoding_is_spelt_out(tmp_path: Path) -> None:
    (tmp_path / "näh.py").write_text("def f(:\n", encoding="utf-8")
    for encoding in ("ascii", "latin-1", "utf-8"):
        result = cnnlint(["summary", "näh.py"], tmp_path, PYTHONIOENCODING=f"{encoding}:strict", PYTHONUTF8="0")
        assert result.returncode == 2
        result = cnnlint([MODELS / "cifar10_cnn.py", "--exit-zero"], tmp_path, PYTHONIOENCODING=encoding)
        assert result.returncode == 0
        assert "Traceback" not in result.stderr


def test_the_python_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import cnnlint

    monkeypatch.chdir(ROOT)
    report = cnnlint.check("fixtures/models/cifar10_cnn.py", select=["CNN601"])
    assert [finding.code for finding in report.findings] == ["CNN601"] * 6
    assert report.to_dict()["findings"][0] == report.findings[0].to_dict()
    source = (MODELS / "cifar10_cnn.py").read_text("utf-8")
    assert len(cnnlint.check_source(source, select=["CNN601"])) == 6
    (model,) = cnnlint.summarize("fixtures/models/cifar10_cnn.py", inputs=[(1, 3, 32, 32)])
    assert (model.parameters, model.macs) == (323_498, 38_668_800)
    assert model.to_dict()["output"] == [1, 10]
    with pytest.raises(SyntaxError):
        cnnlint.check_source("def f(:\n")
    with pytest.raises(AttributeError):
        _ = cnnlint.nothing
    assert set(cnnlint.__all__) <= set(dir(cnnlint))
