"""Which tensors the backward pass needs, by torch itself: change them in place and see whether it raises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnlint.graph.queries.mutation import KEEPS_INPUT, KEEPS_OUTPUT, KEEPS_OUTPUT_IN_PLACE

Function = Callable[[torch.Tensor], torch.Tensor]


def function(name: str) -> Function:
    if name == "prelu":
        return nn.PReLU()
    if name == "threshold":
        return lambda x: functional.threshold(x, 0.1, 0.0)
    if name == "clamp":
        return lambda x: x.clamp(0.1, 1.0)
    if name in ("softmax", "softmin", "log_softmax"):
        return lambda x: getattr(functional, name)(x, dim=1)
    found: Function = getattr(torch, name, None) or getattr(functional, name)
    return found


def raises(change_output: bool, call: Function) -> bool:
    x = torch.rand(2, 4, 6, 6).add(0.5).requires_grad_() * 1.0
    y = call(x)
    target = y if change_output else x
    target += 1.0
    try:
        (x.sum() + y.sum()).backward()
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        return True
    return False


@pytest.mark.parametrize("name", sorted(KEEPS_OUTPUT))
def test_keeps_its_output(name: str) -> None:
    assert raises(True, function(name))


@pytest.mark.parametrize("name", sorted(KEEPS_INPUT))
def test_keeps_its_input(name: str) -> None:
    assert raises(False, function(name))
    assert not raises(True, function(name))


@pytest.mark.parametrize("name", sorted(KEEPS_OUTPUT_IN_PLACE))
def test_keeps_its_output_where_it_works_in_place(name: str) -> None:
    assert raises(True, lambda x: getattr(functional, name)(x, inplace=True))


@pytest.mark.parametrize(("p", "needed"), [(0.0, False), (0.5, True)])
def test_dropout_of_nothing_changes_nothing(p: float, needed: bool) -> None:
    x = torch.rand(2, 4, requires_grad=True)
    y = functional.dropout(torch.softmax(x, 1), p, training=True, inplace=True)
    if needed:
        with pytest.raises(RuntimeError, match="inplace operation"):
            y.sum().backward()
    else:
        y.sum().backward()


@pytest.mark.parametrize("name", ["relu6", "silu", "mish", "hardswish", "hardsigmoid", "hardtanh"])
def test_keeps_neither_where_it_works_in_place(name: str) -> None:
    assert not raises(True, lambda x: getattr(functional, name)(x, inplace=True))


LAYERS = {
    "conv2d": nn.Conv2d(4, 4, 3),
    "conv_transpose2d": nn.ConvTranspose2d(4, 4, 3),
    "linear": nn.Linear(6, 6),
    "batch_norm": nn.BatchNorm2d(4),
    "group_norm": nn.GroupNorm(2, 4),
    "layer_norm": nn.LayerNorm(6),
    "instance_norm": nn.InstanceNorm2d(4),
    "max_pool2d": nn.MaxPool2d(2),
    "avg_pool2d": nn.AvgPool2d(2),
    "lp_pool2d": nn.LPPool2d(2, 2),
    "adaptive_avg_pool2d": nn.AdaptiveAvgPool2d(2),
    "adaptive_max_pool2d": nn.AdaptiveMaxPool2d(2),
    "product": lambda x: x * x.detach().clone().requires_grad_(),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_keep_their_input_and_not_their_output(name: str) -> None:
    assert raises(False, LAYERS[name])
    assert not raises(True, LAYERS[name])


@pytest.mark.parametrize("name", sorted(KEEPS_OUTPUT))
def test_what_needs_no_gradient_keeps_nothing(name: str) -> None:
    y = function(name)(torch.rand(2, 4, 6, 6))
    y += torch.ones(6, requires_grad=True)
    y.sum().backward()


@pytest.mark.parametrize(
    "call", [nn.AdaptiveAvgPool2d(1), lambda x: x + 1, lambda x: torch.cat([x, x]), functional.dropout, lambda x: x * 2]
)
def test_sums_and_concatenation_keep_neither(call: Function) -> None:
    assert not raises(False, call)
    assert not raises(True, call)


def test_frozen_layers() -> None:
    assert raises(False, nn.Conv2d(4, 4, 3).requires_grad_(False))
    assert not raises(False, nn.Linear(6, 6).requires_grad_(False))
