"""docs/questions.md shows what cnnlint prints today; `python tests/docs/refresh.py` writes it anew."""

from __future__ import annotations

import re

import pytest
from refresh import PAGES, ROOT, refreshed

from cnnlint.testing.numbers import numbers_in

(PAGE,) = PAGES
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = {
    "76.1 %": "torchvision, ResNet50_Weights.IMAGENET1K_V1",
    "80.9 %": "torchvision, ResNet50_Weights.IMAGENET1K_V2",
    "77.7 %": "torchvision, EfficientNet_B0_Weights.IMAGENET1K_V1",
}
"""Accuracies, which nobody can compute from source."""


def test_the_page_is_current() -> None:
    assert refreshed(TEXT) == TEXT


def test_there_are_twelve_questions() -> None:
    assert [section.partition(".")[0] for section in SECTIONS] == [str(number) for number in range(1, 13)]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition(".")[0])
def test_every_figure_of_the_text_is_printed(section: str) -> None:
    """The prose says nothing that a command or expression beside it does not."""
    prose = re.sub(r"\]\([^)]*\)|\[CNN\d+|CNN\d+", "", BLOCK.sub("", section)).partition("\n")[2]
    shown = numbers_in(" ".join(BLOCK.findall(section)))
    stated = [number for number in numbers_in(prose) if not number.evident and number.text not in QUOTED]
    missing = [n.text for n in stated if not any(n.states(value) for m in shown for value in (m.value, m.value / 100))]
    assert missing == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", TEXT))))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).is_file()
