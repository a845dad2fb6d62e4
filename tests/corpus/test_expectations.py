"""torchvision draws no error, and just the warnings that have been judged: no more, no fewer, word by word.

`python tests/corpus/expectations.py` writes the file anew and keeps the reasons."""

from __future__ import annotations

from pathlib import Path

import pytest
from compare import Corpus
from expectations import PACKAGE, builders, entries, expected, in_builder, in_package, messages

BUILDERS = builders()


@pytest.mark.corpus
def test_the_whole_package(corpus_source: Path) -> None:
    assert messages(in_package(corpus_source)) == expected(PACKAGE)


@pytest.mark.corpus
@pytest.mark.parametrize("name", BUILDERS)
def test_each_builder_on_its_input(name: str, corpus: Corpus) -> None:
    assert messages(in_builder(corpus, name, BUILDERS[name])) == expected(name)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: f"{entry['path']}:{entry['line']}: {entry['code']}")
def test_each_is_judged(entry: dict[str, object]) -> None:
    """A line says why it is right; an error never is."""
    reason, found = entry["reason"], entry["messages"]
    assert isinstance(reason, str)
    assert isinstance(found, dict)
    assert len(reason.split()) >= 5
    assert "\n" not in reason
    assert all(message.startswith("warning: ") for message in found.values())
    assert set(found) <= {PACKAGE, *BUILDERS}
