"""Element-wise functions of one tensor against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cnnlint.ops.tensors import elementwise


def whole(d: Any) -> Any:
    return (d.tensor(dtype=d.pick("int64", "uint8", "bool", "float32")),)


def one(d: Any) -> Any:
    return (d.tensor(),)


@pytest.mark.parametrize("name", elementwise.TABLE)
def test_function_of_one_tensor(name: str, hold: Any) -> None:
    hold(f"torch.{name}", whole if "bitwise" in name else one, 0.5)


WRITTEN = [name for name in elementwise.TABLE if hasattr(torch.Tensor, f"{name}_")]


@pytest.mark.parametrize("name", WRITTEN)
def test_in_place_function(name: str, hold: Any) -> None:
    hold(f"Tensor.{name}_", whole if "bitwise" in name else one, 0.25)
