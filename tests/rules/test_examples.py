"""Every rule's own examples: documented, found word by word, fixed where it offers a fix."""

from __future__ import annotations

import pytest

from cnnlint import registry
from cnnlint.testing import problems_of

RULES = [rule for code, rule in registry.load().rules.items() if code.startswith("CNN")]


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_rule(code: str) -> None:
    rule = registry.load().rules[code]
    assert problems_of(rule) == []
