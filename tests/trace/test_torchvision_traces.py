"""torchvision's models, run under an interpreter that has torchvision, against what is read from its source.

pip install torch==2.14.1 torchvision==0.29.1 fvcore    (5.6 GB, in an environment of its own)
CNNLINT_TRACE_PYTHON=<that environment> pytest tests/trace/test_torchvision_traces.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
SCRIPT = Path(__file__).parents[2] / "fixtures" / "scripts" / "transfer_learning.py"

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
    with Tracers(TraceOptions()) as found:
        yield found


@pytest.mark.parametrize("model", MODELS)
def test_equal_in_every_row(model: str, environment: Path, tracers: Tracers) -> None:
    folder = next(environment.glob("lib/python*/site-packages/torchvision/models"))
    resolver = Resolver(options={"python": str(environment)}, isolated=True)
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


def _cnnlint(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "cnnlint", *arguments, "--isolated"]
    return subprocess.run(command, capture_output=True, text=True)


def test_no_warning_of_torch_reaches_the_terminal(environment: Path, tmp_path: Path) -> None:
    """Importing fvcore under this torch gives a FutureWarning."""
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torchvision.models import resnet18\n\n\ndef net():\n"
        "    return resnet18(weights='DEFAULT')\n"
    )
    done = _cnnlint("trace", f"{tmp_path}/net.py:net", "--input", "3x64x64", "--python", str(environment))
    assert done.stderr == ""
    assert done.returncode == 0
    assert "equal in 60 rows (meta device)" in done.stdout


def test_a_script_that_freezes_a_pretrained_network(environment: Path) -> None:
    """The weights are not fetched: what is trained does not depend on them."""
    done = _cnnlint(
        "check", str(SCRIPT), "--trace", "--python", str(environment), "--select", "CNN9", "--output-format", "json"
    )
    findings = json.loads(done.stdout)["findings"]
    assert [(finding["code"], finding["proof"]) for finding in findings] == [("CNN901", "confirmed")] * 4
