"""Rules of severity error against torch itself: what they report raises at the place they name, what they pass runs."""

from __future__ import annotations

import itertools
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from cnnlint import check_source, registry
from cnnlint.findings import Finding
from cnnlint.graph.shapes import parse_shape
from cnnlint.rule import Example, Severity
from cnnlint.testing.examples import source_of
from cnnlint.testing.torch import SHAPES

RAISING = [
    rule.code
    for rule in registry.load().rules.values()
    if rule.severity is Severity.ERROR and rule.raises and rule.__module__.startswith(registry.BUILTIN)
]
RAISING += ["CNN113"]  # what raises there is the file's own code, which is run here too
CASES = [
    pytest.param(code, example, id=f"{code}-{kind}-{example.why or number}".replace(" ", "-"))
    for code in RAISING
    for kind in ("bad", "good")
    for number, example in enumerate(getattr(registry.load().rules[code], kind), 1)
]


def inputs_of(example: Example) -> Iterator[tuple[int, ...]]:
    """The shapes that an example is called with: as given, and with a batch in front."""
    if not example.inputs:
        yield from SHAPES
        return
    sizes = parse_shape(example.inputs[0]).sizes
    yield from [(2, *sizes), sizes] if len(sizes) == 3 else [sizes]


def raised(example: Example, shape: tuple[int, ...]) -> traceback.StackSummary | None:
    """The trace of what running the example raises; ``None`` if it runs."""
    code = compile(source_of(example), "example.py", "exec", dont_inherit=True)
    names: dict[str, Any] = {"__name__": "example"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(code, names)
            modules = [value for value in names.values() if isinstance(value, type) and issubclass(value, nn.Module)]
            own = [module for module in modules if module.__module__ == "example"]
            own[-1]().eval()(torch.zeros(shape))
    except ModuleNotFoundError as missing:
        pytest.skip(f"the example needs {missing.name}")
    except Exception as error:  # noqa: BLE001 - whatever torch raises is what the test looks at
        return traceback.extract_tb(error.__traceback__)
    return None


def places(finding: Finding) -> set[int]:
    return {finding.line, *(related.span.line for related in finding.related)}


@pytest.mark.parametrize(("code", "example"), CASES)
def test_torch_agrees(code: str, example: Example) -> None:
    found = check_source(
        source_of(example), "example/net.py", inputs=list(example.inputs) or None, select=[code], isolated=True
    )
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    traces = [raised(example, shape) for shape in inputs_of(example)]
    if not errors:
        assert None in traces
        return
    assert None not in traces
    lines = {frame.lineno for trace in traces for frame in trace or () if frame.filename == "example.py"}
    assert all(places(finding) & lines for finding in errors[:1]), list(itertools.chain(*map(places, errors)))
