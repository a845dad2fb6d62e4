"""The committed pages of rules are what the classes say; write them anew with `cnnlint rules --pages docs/rules`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cnnlint import registry
from cnnlint.cli import cli
from cnnlint.pages import INDEX, pages, write
from cnnlint.rule import Example, Rule, Severity

FOLDER = Path(__file__).parents[2] / "docs" / "rules"
RULES = registry.load().rules


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages(RULES.values())


@pytest.mark.parametrize("name", [INDEX, *(f"{code}.md" for code in RULES)])
def test_committed_pages_are_current(written: dict[str, str], name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == written[name]


def test_there_is_no_other_page() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {INDEX, *(f"{code}.md" for code in RULES)}


def test_the_index_names_every_rule_once(written: dict[str, str]) -> None:
    assert [written[INDEX].count(f"({code}.md)") for code in RULES] == [1] * len(RULES)


@pytest.mark.parametrize("code", ["CNN000", "CNN106", "CNN302", "CNN901"])
def test_explain_shows_the_page(code: str) -> None:
    result = CliRunner().invoke(cli, ["explain", code, "--isolated", "--output-format", "markdown"])
    assert result.stdout == (FOLDER / f"{code}.md").read_text(encoding="utf-8")


class Plain(Rule):
    """A rule with little to say."""

    code, name, category, severity = "TST100", "plain", "test", Severity.ADVICE
    bad = (Example("def f(:\n", ((1, "never"),), why="not Python"),)


def test_a_broken_example_does_not_end_the_page() -> None:
    text = pages([Plain])["TST100.md"]
    assert text.startswith("# TST100 plain\n\nA rule with little to say.\n\n- Category: test\n")
    assert text.endswith("## Reported\n\nNot Python:\n\n```python\ndef f(:\n```\n")


def test_writing_takes_away_pages_of_rules_that_are_gone(tmp_path: Path) -> None:
    for name in ("TST099.md", "guide.md"):
        (tmp_path / name).touch()
    assert write(tmp_path, [Plain]) == 2
    assert {file.name for file in tmp_path.iterdir()} == {INDEX, "TST100.md", "guide.md"}
