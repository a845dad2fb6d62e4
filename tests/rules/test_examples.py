"""Every rule's own examples: documented, found word by word, fixed where it offers a fix."""

from __future__ import annotations

import pytest

from cnnlint import registry
from cnnlint.testing import problems_of

# CNN000 speaks of comments, not of networks: the run finds it, and tests/cli/test_check.py holds its examples.
RULES = [rule for rule in registry.load().rules.values() if rule.__module__.startswith(registry.BUILTIN)]


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_rule(code: str) -> None:
    rule = registry.load().rules[code]
    assert problems_of(rule) == []
