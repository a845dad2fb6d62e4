"""torchvision's models, run under an interpreter that has torchvision, against what is read from its source.

pip install torch==2.14.1 torchvision==0.29.1 fvcore    (5.6 GB, in an environment of its own)
CNNLINT_TRACE_PYTHON=<that environment> pytest tests/trace/test_torchvision_traces.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnnlint.config import Resolver
from cnnlint.graph.shapes import InputShape
from cnnlint.lint.proving import TraceOptions
from cnnlint.lint.targets import read_target
from cnnlint.lint.tracing import Tracers, project_of, trace_graph
from cnnlint.trace import compare

pytestmark = pytest.mark.corpus

MODELS = (
    "resnet.py:resnet18", "vision_transformer.py:vit_b_32", "densenet.py:densenet121",
    "mobilenetv3.py:mobilenet_v3_small", "swin_transformer.py:swin_t", "convnext.py:convnext_tiny",
    "shufflenetv2.py:shufflenet_v2_x0_5", "googlenet.py:googlenet", "regnet.py:regnet_y_400mf", "maxvit.py:maxvit_t",
)  # fmt: skip


@pytest.fixture(scope="module")
def environment() -> Path:
    folder = os.environ.get("CNNLINT_TRACE_PYTHON")
    if folder is None:
        pytest.skip("CNNLINT_TRACE_PYTHON names no environment with torchvision (5.6 GB)")  # not part of the project
    return Path(folder).absolute()


@pytest.fixture(scope="module")
def tracers(environment: Path) -> Iterator[Tracers]:
    with Tracers(TraceOptions(environment)) as found:
        yield found


@pytest.mark.parametrize("model", MODELS)
def test_equal_in_every_row(model: str, environment: Path, tracers: Tracers) -> None:
    folder = next(environment.glob("lib/python*/site-packages/torchvision/models"))
    resolver = Resolver(isolated=True)
    target = str(folder / model)
    graphs = read_target(target, resolver, [InputShape(None, (3, 224, 224))])
    resolved, project = project_of(target, resolver)
    traced = trace_graph(tracers.of(resolved), graphs[0], graphs, project)
    comparison = compare(graphs[0], traced, {})
    assert comparison.explanation == ()
    assert comparison.equal
    assert traced.device == "meta"
    assert traced.counts is not None
    counted = {name: macs for name, macs in traced.counts.products.items() if name in ("conv", "linear")}
    assert counted.get("conv") == graphs[0].macs_by_op.get("conv")
