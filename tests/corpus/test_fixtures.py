"""cnnlint's reading of the fixture models against fixtures/truth/fixtures.json. Needs no torch."""

from __future__ import annotations

import pytest
from compare import first_difference, fixture_truth, read_model
from fixture_models import MODELS

TRUTH = fixture_truth()


@pytest.mark.parametrize("target", TRUTH)
def test_every_row_is_equal(target: str) -> None:
    truth = TRUTH[target]
    assert first_difference(truth, read_model(str(MODELS / target), truth["in"])) is None
