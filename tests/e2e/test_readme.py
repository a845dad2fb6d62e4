"""What the README shows is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnnlint.cli import run

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("block", "args"),
    [
        (BLOCKS[0], ["fixtures/models"]),
        (BLOCKS[1], ["summary", "fixtures/models/cifar10_cnn.py"]),
    ],
)
def test_output_is_real(
    block: str, args: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    run(args)
    printed = set(capsys.readouterr().out.splitlines())
    assert [line for line in block.splitlines() if line not in printed and line != "…"] == []


def test_the_quick_start_has_exactly_two_commands() -> None:
    section = (ROOT / "README.md").read_text("utf-8").split("## Quick start")[1].split("\n## ")[0]
    commands = re.findall(r"`(python -m pip install [^`]*)`", section)
    assert commands == [
        "python -m pip install . && cnnlint fixtures/models",
        "python -m pip install -e '.[dev]' && python -m pytest",
    ]
