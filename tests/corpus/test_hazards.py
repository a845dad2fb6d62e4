"""Which of torchvision's networks the network rules speak about, held to a count by tracing: most are fine."""

from __future__ import annotations

from pathlib import Path

import hazards
import pytest
from hazards import TARGETS, dead_weights, graph, name_of

from cnnlint import registry

pytestmark = pytest.mark.corpus


def found(source: Path, code: str) -> dict[str, int]:
    """How many findings a rule has in each network."""
    return {name_of(target): count for target in TARGETS if (count := hazards.found(source, code, target))}


def test_the_committed_table_is_current(corpus_source: Path) -> None:
    assert hazards.FILE.read_text(encoding="utf-8") == hazards.page(corpus_source)


def test_bias_in_front_of_batch_norm(corpus_source: Path) -> None:
    assert found(corpus_source, "CNN601") == {"vgg16_bn": 13}
    findings = registry.load().rules["CNN601"]().check(graph(corpus_source, "vgg.py:vgg16_bn"))
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
    assert dead_weights(corpus_source, target) == (dead, parameters)
