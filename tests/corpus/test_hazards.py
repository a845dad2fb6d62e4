"""Which of torchvision's networks the network rules speak about, held to a count by tracing: most are fine."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from cnnlint import registry
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader, ReadOptions

pytestmark = pytest.mark.corpus

TARGETS = (
    "alexnet.py:alexnet", "vgg.py:vgg16", "vgg.py:vgg16_bn", "resnet.py:resnet18", "resnet.py:resnet50",
    "squeezenet.py:squeezenet1_0", "googlenet.py:googlenet", "densenet.py:densenet121", "mobilenetv2.py:mobilenet_v2",
    "mobilenetv3.py:mobilenet_v3_large", "mnasnet.py:mnasnet1_0", "efficientnet.py:efficientnet_b0",
    "shufflenetv2.py:shufflenet_v2_x1_0", "convnext.py:convnext_tiny", "segmentation/deeplabv3.py:deeplabv3_resnet50",
)  # fmt: skip


@cache
def graph(source: Path, target: str, size: int) -> ModelGraph:
    options = ReadOptions(inputs=(parse_shape(f"3x{size}x{size}"),), symbolic_batch=True)
    (read,) = Reader(Project([source]), options=options).read_target(f"{source / 'torchvision/models'}/{target}")
    return read


def found(source: Path, code: str, size: int = 224) -> Counter[str]:
    """How many findings a rule has in each network."""
    rule = registry.load().rules[code]()
    return Counter(
        {
            name: count
            for target in TARGETS
            if (count := sum(1 for _ in rule.check(graph(source, target, size))))
            for name in [target.partition(":")[2]]
        }
    )


def test_bias_in_front_of_batch_norm(corpus_source: Path) -> None:
    assert found(corpus_source, "CNN601") == {"vgg16_bn": 13}
    findings = registry.load().rules["CNN601"]().check(graph(corpus_source, "vgg.py:vgg16_bn", 224))
    assert sum(finding.data["dead_parameters"] for finding in findings) == 4224


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("CNN404", {"deeplabv3_resnet50": 1}),  # the branch with dilation 36 on a map of 28 pixels
        ("CNN604", {"deeplabv3_resnet50": 1}),  # the projection of its ASPP
        ("CNN608", {"deeplabv3_resnet50": 1}),  # the image branch of its ASPP
        ("CNN607", {"vgg16": 1, "squeezenet1_0": 1}),
    ],
)
def test_hazards_at_224(corpus_source: Path, code: str, expected: dict[str, int]) -> None:
    assert found(corpus_source, code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "CNN403", "CNN405", "CNN501", "CNN503", "CNN504", "CNN505", "CNN506", "CNN602", "CNN603", "CNN606", "CNN609",
        "CNN701", "CNN702", "CNN703", "CNN704", "CNN801", "CNN802", "CNN803", "CNN804", "CNN805",
    ],
)  # fmt: skip
def test_silent_at_224(corpus_source: Path, code: str) -> None:
    assert found(corpus_source, code) == {}


@pytest.mark.parametrize(
    ("target", "dead", "parameters"),
    [("resnet.py:resnet18", 6_946_816, 11_689_512), ("resnet.py:resnet50", 5_505_024, 25_557_032)],
)
def test_dead_weights_at_32(corpus_source: Path, target: str, dead: int, parameters: int) -> None:
    finding = next(iter(registry.load().rules["CNN404"]().check(graph(corpus_source, target, 32))))
    assert (finding.data["dead_weights_in_all"], finding.data["parameters"]) == (dead, parameters)
