"""Fixes under torch: a safe one leaves state dict and values as they were, any one leaves a model that runs."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import nn

from cnnlint import check_source, registry
from cnnlint.findings import Finding, TextFix
from cnnlint.fix.apply import edited
from cnnlint.graph.shapes import parse_shape
from cnnlint.rule import Applicability, Example
from cnnlint.source.text import SourceText
from cnnlint.testing.examples import source_of

SHAPES = ((2, 3, 32, 32), (2, 3, 64, 64), (2, 1, 28, 28), (2, 3, 64), (2, 8), (2, 3))
"""Inputs to try where an example names none."""

CASES = [
    pytest.param(code, example, id=f"{code}-{example.why or number}".replace(" ", "-"))
    for code, rule in registry.load().rules.items()
    if rule.__module__.startswith(registry.BUILTIN) and code < "CNN5"
    for number, example in enumerate(rule.bad, 1)
]


def found_in(code: str, example: Example) -> list[tuple[Finding, TextFix]]:
    """The findings of a rule in its example that come with a fix."""
    inputs = list(example.inputs) or None
    found = check_source(source_of(example), "example.py", inputs=inputs, select=[code], isolated=True)
    return [(finding, finding.text_fix) for finding in found if finding.text_fix is not None]


def built(source: str) -> nn.Module:
    """The last network of a file, in evaluation mode; its parameters are drawn anew in the same way each time."""
    torch.manual_seed(0)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, "example.py", "exec", dont_inherit=True), names)
    own = [value for value in names.values() if isinstance(value, type) and issubclass(value, nn.Module)]
    return [cls for cls in own if cls.__module__ == "example"][-1]().eval()


def images(example: Example) -> list[torch.Tensor]:
    shapes = [
        (2, *sizes) if len(sizes) in (1, 3) else sizes for sizes in (parse_shape(i).sizes for i in example.inputs)
    ]
    return [torch.rand(shape) for shape in shapes[:1] or SHAPES]


def result(net: nn.Module, image: torch.Tensor) -> Any:
    """What the network returns, ``None`` if it raises."""
    torch.manual_seed(0)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            return net(image)
        except Exception:  # noqa: BLE001 - whatever torch raises is what the test looks at
            return None


@pytest.mark.parametrize(("code", "example"), CASES)
def test_fixed_networks(code: str, example: Example) -> None:
    source = source_of(example)
    for finding, fix in found_in(code, example):
        try:
            before = built(source)
        except Exception:  # noqa: BLE001 - examples of errors
            continue
        after = built(edited(SourceText("example.py", source), fix.edits))
        runs = [(result(before, image), image) for image in images(example)]
        ran = [(value, image) for value, image in runs if value is not None]
        assert not ran or any(result(after, image) is not None for _, image in ran), finding.message
        if fix.applicability is Applicability.SAFE and ran:
            drops = finding.fix is not None and finding.fix.drops_parameters
            after.load_state_dict(before.state_dict(), strict=not drops)
            for value, image in ran:
                torch.testing.assert_close(result(after, image), value)
