"""cnnlint's reading of torchvision's own source against what torch measured on it.

Classification and segmentation models must agree in every row, video models and detection backbones in parameters and
output shape. ``compare.py`` runs the same comparison by hand, for quantization and optical flow too."""

from __future__ import annotations

import pytest
from compare import Corpus, first_difference, read_model, torchvision_truth

MODELS = torchvision_truth()
EXACT = ("classification", "segmentation")
TOTALS = ("video", "detection")

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("name", [name for name, truth in MODELS.items() if truth["kind"] in EXACT + TOTALS])
def test_equals_what_torch_measured(name: str, corpus: Corpus) -> None:
    truth = MODELS[name]
    summary = read_model(corpus.target(name, truth), truth["in"])
    assert first_difference(truth, summary, totals_only=truth["kind"] in TOTALS) is None
