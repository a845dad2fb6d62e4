"""CNN609 against torch: the backward pass of what it reports as an error raises, that of the rest does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cnnlint import check_source, registry
from cnnlint.rule import Example, Severity
from cnnlint.testing.examples import source_of

RULE = registry.load().rules["CNN609"]


@pytest.mark.parametrize("example", [*RULE.bad, *RULE.good], ids=lambda example: example.why.replace(" ", "-"))
def test_backward(example: Example) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source_of(example), "example.py", "exec"), names)
    network = names["Block"]()
    channels = next(parameter.shape[1] for parameter in network.parameters())
    output = network(torch.randn(2, channels, 8, 8)).sum()
    found = check_source(source_of(example), "example.py", select=["CNN609"], isolated=True)
    if any(finding.severity is Severity.ERROR for finding in found):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            output.backward()
    else:
        output.backward()
