"""Arithmetic, comparisons, bounds and masks against torch."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlint.ops.tensors import arithmetic


def two(d: Any) -> Any:
    """Two tensors that mostly broadcast."""
    left = d.tensor()
    return left, d.tensor(d.fitting(left.shape))


def mixed(d: Any) -> Any:
    """A tensor and a tensor or number."""
    left, right = two(d)
    return left, d.pick(right, d.number())


def either(d: Any) -> Any:
    """Two operands, at least one a tensor."""
    left, right = mixed(d)
    return d.pick((left, right), (right, left))


def scaled(d: Any) -> Any:
    return mixed(d), d.pick({}, {"alpha": 2}, {"alpha": 0.5})


def divided(d: Any) -> Any:
    return mixed(d), d.pick({}, {"rounding_mode": "floor"}, {"rounding_mode": "trunc"}, {"rounding_mode": "up"})


def written(d: Any) -> Any:
    """An in-place operation: mostly of one type."""
    left = d.tensor()
    right = d.pick(d.tensor(d.fitting(left.shape), str(left.dtype)[6:]), d.number(), d.tensor(d.fitting(left.shape)))
    return left, right


def clamped(d: Any) -> Any:
    tensor = d.tensor()
    low, high = d.pick(
        (d.number(), d.number()), (d.tensor(d.fitting(tensor.shape)), None), (None, d.number()), (None, None)
    )
    return d.pick(((tensor, low, high), {}), ((tensor,), {"min": low}), ((tensor,), {"max": high, "min": low}))


def chosen(d: Any) -> Any:
    shape = d.shape()
    test = d.pick(d.mask(d.fitting(shape)), d.mask(d.fitting(shape)), d.tensor(shape))
    both = d.pick(d.number(), d.tensor(d.fitting(shape))), d.pick(d.number(), d.tensor(d.fitting(shape)))
    return d.pick((test, *both), (test, *both), (test,))


def method_chosen(d: Any) -> Any:
    test, *both = chosen(d)
    return d.tensor(d.fitting(test.shape)), test, both[-1] if both else d.number()


def masked(d: Any) -> Any:
    tensor = d.tensor()
    mask = d.pick(d.mask(d.fitting(tensor.shape)), d.tensor(tensor.shape))
    return tensor, mask, d.pick(0, 1, -1, True, d.tensor((), "float32"), float("-inf"))


def three(d: Any) -> Any:
    left = d.floats()
    return left, d.floats(d.fitting(left.shape)), d.floats(d.fitting(left.shape))


def shifted(d: Any) -> Any:
    tensor = d.tensor(dtype=d.pick("int64", "int64", "uint8", d.dtype()))
    return tensor, d.pick(1, 2, True, d.tensor(d.fitting(tensor.shape), str(tensor.dtype)[6:]).abs())


def one(d: Any) -> Any:
    return (d.tensor(),)


PLAIN = (
    "floor_divide",
    "remainder",
    "fmod",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "copysign",
    "true_divide",
    "mul",
    "greater_equal",
)
TENSORS = ("maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "logical_and", "logical_or", "logical_xor")
OPERATORS = (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and_",
    "or_",
    "xor",
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
)
IN_PLACE = (
    *(f"Tensor.{name}_" for name in ("add", "sub", "mul", "div", "pow", *PLAIN, *TENSORS[4:])),
    *(f"operator.i{name.rstrip('_')}" for name in OPERATORS[:10]),
)

CASES = {
    "torch.add": scaled,
    "Tensor.sub": scaled,
    "torch.rsub": scaled,
    "torch.div": divided,
    "torch.pow": either,
    "Tensor.pow": mixed,
    "torch.remainder": either,
    "torch.xlogy": either,
    **{f"torch.{name}": mixed for name in PLAIN if name != "remainder"},
    **{f"torch.{name}": two for name in TENSORS},
    **dict.fromkeys(("torch.ldexp", "torch.logaddexp", "torch.logaddexp2"), two),
    "torch.float_power": mixed,
    **{f"operator.{name}": either for name in OPERATORS},
    **dict.fromkeys(IN_PLACE, written),
    **{f"operator.{name}": one for name in ("neg", "pos", "invert", "abs")},
    "operator.lshift": shifted,
    "operator.rshift": shifted,
    "torch.clamp": clamped,
    "Tensor.clip_": clamped,
    "torch.clamp_min": mixed,
    "torch.clamp_max": mixed,
    "torch.where": chosen,
    "Tensor.where": method_chosen,
    "torch.masked_fill": masked,
    "Tensor.masked_fill_": masked,
    "torch.lerp": lambda d: (*three(d)[:2], d.pick(0.5, d.floats(()))),
    "torch.addcmul": three,
    "torch.addcdiv": three,
    "torch.isclose": lambda d: three(d)[:2],
    "torch.nan_to_num": one,
    "torch.logit": one,
    "torch.round": lambda d: (one(d), d.pick({}, {}, {"decimals": 1})),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch(name: str, hold: Any) -> None:
    hold(name, CASES[name], 0.5 if CASES[name] is written else 1)


def test_every_operation_is_held() -> None:
    held = {name.rpartition(".")[2] for name in CASES}
    assert not set(arithmetic.TABLE) - held - {"sub", "bitwise_left_shift", "bitwise_right_shift"}
