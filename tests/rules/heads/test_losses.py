"""The figures of CNN302, CNN303, CNN305 and CNN308, recomputed by torch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn


@pytest.mark.parametrize(("classes", "floor"), [(10, 1.461), (100, 3.622), (1000, 5.909)])
def test_cross_entropy_of_probabilities_has_a_floor(classes: int, floor: float) -> None:
    best = F.one_hot(torch.tensor([3]), classes).float()
    assert round(F.cross_entropy(best, torch.tensor([3])).item(), 3) == floor


def test_log_softmax_twice_is_once() -> None:
    logits = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(4)
    assert torch.allclose(F.cross_entropy(logits.log_softmax(1), labels), F.cross_entropy(logits, labels))


def test_nll_loss_of_probabilities_lies_between_minus_one_and_zero() -> None:
    probabilities = torch.randn(64, 10, generator=torch.Generator().manual_seed(0)).softmax(1)
    loss = F.nll_loss(probabilities, torch.zeros(64, dtype=torch.long), reduction="none")
    assert bool(((loss < 0) & (loss > -1)).all())


def test_two_sigmoids() -> None:
    ends = torch.tensor([0.0, 1.0])  # what the first sigmoid can reach at most
    assert [round(value, 3) for value in ends.sigmoid().tolist()] == [0.5, 0.731]
    floors = F.binary_cross_entropy_with_logits(ends, torch.tensor([0.0, 1.0]), reduction="none")
    assert [round(value, 3) for value in floors.tolist()] == [0.693, 0.313]


def test_bce_of_logits_raises() -> None:
    with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
        nn.BCELoss()(torch.tensor([2.0]), torch.tensor([1.0]))


def test_one_class() -> None:
    scores = torch.randn(4, 1, requires_grad=True)
    loss = F.cross_entropy(scores, torch.zeros(4, dtype=torch.long))
    loss.backward()
    assert loss.item() == 0
    assert scores.grad is not None
    assert not scores.grad.any()
    assert torch.equal(scores.softmax(1), torch.ones(4, 1))
    with pytest.raises(IndexError, match="Target 1 is out of bounds"):
        F.cross_entropy(scores, torch.ones(4, dtype=torch.long))


def test_relu_on_logits() -> None:
    scores = torch.tensor([-1.0, 2.0], requires_grad=True)
    scores.relu().sum().backward()
    assert scores.grad is not None
    assert scores.grad.tolist() == [0, 1]
    assert scores.relu().sigmoid().min().item() == 0.5
