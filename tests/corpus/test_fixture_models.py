"""The fixture models under torch: they import, build, run, and have the parameter counts of the literature."""

from __future__ import annotations

import json
import re

import pytest
import torch
from fixture_models import FIXTURE_MODELS, MODELS, TRUTH, FixtureModel
from load_models import build

IDS = [fixture.target for fixture in FIXTURE_MODELS]
PUBLISHED = [fixture for fixture in FIXTURE_MODELS if fixture.published is not None]
MEASURED = json.loads((TRUTH / "fixtures.json").read_text())["models"]


@pytest.mark.parametrize("fixture", PUBLISHED, ids=[fixture.target for fixture in PUBLISHED])
def test_parameters_are_the_published_ones(fixture: FixtureModel) -> None:
    with torch.device("meta"):
        model = build(fixture)
    assert sum(p.numel() for p in model.parameters()) == fixture.published


@pytest.mark.parametrize("fixture", FIXTURE_MODELS, ids=IDS)
def test_runs_on_the_meta_device_as_measured(fixture: FixtureModel) -> None:
    with torch.device("meta"), torch.no_grad():
        model = build(fixture).eval()
        output = model(*(torch.empty(shape) for shape in fixture.inputs))
    truth = MEASURED[fixture.target]
    assert list(output.shape) == truth["out"]
    assert sum(p.numel() for p in model.parameters()) == truth["params"]


def test_truth_holds_exactly_these_models() -> None:
    assert list(MEASURED) == IDS


def test_every_file_is_measured() -> None:
    assert {fixture.file for fixture in FIXTURE_MODELS} == {path.name for path in MODELS.glob("*.py")}


def test_googlenet_trains_with_its_auxiliary_heads() -> None:
    googlenet = next(fixture for fixture in FIXTURE_MODELS if fixture.file == "inception.py")
    with torch.device("meta"):
        outputs = build(googlenet).train()(torch.empty(2, 3, 224, 224))
    assert [tuple(logits.shape) for logits in outputs] == [(2, 1000)] * 3


def test_cifar10_net_is_the_question_lists() -> None:
    """The net of question 12, its two verification prints included."""
    text = (MODELS / "cifar10_cnn.py").read_text()
    assert len(re.findall(r"nn\.Conv2d\(\d+, \d+, 3, padding=1\)", text)) == 6
    assert text.endswith('print(f"Parameters: {sum(p.numel() for p in model.parameters()):,}")  # ~330K\n')
