"""Factories, casts and queries against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

DTYPES = (torch.float32, torch.float16, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool)


def options(d: Any) -> Any:
    return d.pick({}, {}, {"dtype": d.pick(*DTYPES)}, {"device": "cpu"}, {"requires_grad": False})


def sized(d: Any) -> Any:
    sizes = d.sizes()
    written = d.pick((sizes,), (list(sizes),), sizes, (torch.Size(sizes) if min(sizes, default=0) >= 0 else sizes,))
    return d.pick((written, options(d)), ((), {"size": sizes, **options(d)}))


def floats_sized(d: Any) -> Any:
    args, kwargs = sized(d)
    return args, {key: value for key, value in kwargs.items() if key != "dtype"}


def like(d: Any) -> Any:
    return (d.tensor(),), options(d)


def floats_like(d: Any) -> Any:
    return (d.floats(),), {}


def new(d: Any) -> Any:
    args, kwargs = sized(d)
    return (d.tensor(), *args), kwargs


def full(d: Any) -> Any:
    return (d.pick(d.sizes(), list(d.sizes())), d.number()), options(d)


def bounds(d: Any) -> Any:
    return tuple(d.pick(d.int(-3, 6), d.int(-3, 6), d.pick(0.5, 1.5, 2.0)) for _ in range(d.int(1, 3)))


def arange(d: Any) -> Any:
    given = d.pick({}, {}, {"dtype": torch.float32}, {"dtype": torch.int64})
    return d.pick(
        (bounds(d), given),
        ((), {"end": d.int(0, 5), **given}),
        ((1,), {"end": 4, "step": d.int(-1, 2)}),
        ((d.int(-3, 6), d.int(-3, 6), d.int(-2, 2)), given),
    )


def spaced(d: Any) -> Any:
    ends = d.number(), d.number(), d.int(-1, 6)
    return d.pick(
        (ends, {}), (ends[:2], {"steps": 3}), (ends, {"dtype": torch.float64}), (ends, {"dtype": torch.int64})
    )


def nested(d: Any, depth: int = 0) -> Any:
    if depth == 3 or d.flag():
        return d.pick(1, 2, -1, 0.5, 1.5, True, False, 3)
    inner = nested(d, depth + 1)
    return d.pick([], [inner], [inner, inner], (inner, inner, inner), [inner, nested(d, depth + 1)])


def data(d: Any) -> Any:
    return (d.pick(nested(d), nested(d), d.tensor()),), d.pick({}, {"dtype": d.pick(*DTYPES)})


def randint(d: Any) -> Any:
    return d.pick(
        ((d.int(0, 5), d.sizes()), {}),
        ((d.int(-3, 3), d.int(-3, 5), d.sizes()), {}),
        ((5,), {"size": d.sizes()}),
        ((), {"high": 4, "size": (2,)}),
        ((0, 4), {"size": d.sizes()}),
    )


def converted(d: Any) -> Any:
    tensor = d.tensor()
    return d.pick(
        ((tensor, d.pick(*DTYPES)), {}),
        ((tensor, "cpu"), {}),
        ((tensor, "cpu", d.pick(*DTYPES)), {}),
        ((tensor,), {"dtype": d.pick(*DTYPES)}),
        ((tensor, d.tensor()), {}),
        ((tensor,), {"device": "cpu"}),
        ((tensor, torch.device("cpu").type), {"non_blocking": True}),
    )


def tensor_only(d: Any) -> Any:
    return (d.tensor(),)


def single(d: Any) -> Any:
    return (d.tensor(d.pick((), (1,), (1, 1), (2,), (0,))),)


CASES = {
    **dict.fromkeys(("torch.zeros", "torch.ones", "torch.empty"), sized),
    **dict.fromkeys(("torch.rand", "torch.randn"), floats_sized),
    **dict.fromkeys(("torch.ones_like", "torch.zeros_like", "torch.empty_like"), like),
    **dict.fromkeys(("torch.rand_like", "torch.randn_like"), floats_like),
    **dict.fromkeys(("Tensor.new_zeros", "Tensor.new_ones", "Tensor.new_empty"), new),
    "torch.full": full,
    "torch.full_like": lambda d: ((d.tensor(), d.number()), options(d)),
    "Tensor.new_full": lambda d: (d.tensor(), d.sizes(), d.number()),
    "Tensor.new_tensor": lambda d: (d.tensor(), nested(d)),
    "torch.eye": lambda d: d.pick((d.int(-1, 4),), (d.int(0, 4), d.int(-1, 4))),
    "torch.arange": arange,
    "torch.linspace": spaced,
    "torch.logspace": spaced,
    "torch.tensor": data,
    "torch.as_tensor": data,
    "torch.scalar_tensor": lambda d: (d.number(),),
    "torch.randint": randint,
    "torch.randint_like": lambda d: (d.floats(), 3),
    "torch.randperm": lambda d: (d.int(-1, 5),),
    "torch.normal": lambda d: d.pick(
        ((0.0, 1.0, d.sizes()), {}),
        ((d.floats((2, 1)), d.floats((3,)).abs()), {}),
        ((), {"mean": d.floats(), "std": 1.0}),
    ),
    "torch.bernoulli": lambda d: (d.floats().abs() % 1,),
    "torch.multinomial": lambda d: (d.floats(d.shape(0, 3)).abs() + 0.1, d.int(0, 3), d.flag()),
    "torch.tril_indices": lambda d: (d.int(0, 4), d.int(0, 4), d.int(-3, 3)),
    "torch.triu_indices": lambda d: (d.int(0, 4), d.int(0, 4), d.int(-3, 3)),
    "torch.Tensor": lambda d: d.pick((2, 3), ([1, 2],), ([0.5],), (), (2,)),
    "torch.FloatTensor": lambda d: d.pick((2, 3), ([1, 2],)),
    "torch.is_tensor": lambda d: (d.pick(d.floats(), 1, None),),
    "torch.LongTensor": lambda d: d.pick(([1, 2],), ([[1], [2]],), (2,)),
    **dict.fromkeys(
        ("Tensor.normal_", "Tensor.uniform_", "Tensor.zero_", "Tensor.exponential_"), lambda d: (d.floats(),)
    ),
    "Tensor.fill_": lambda d: (d.tensor(), d.number()),
    "Tensor.copy_": lambda d: (lambda t: (t, d.tensor(d.fitting(t.shape))))(d.tensor()),
    "Tensor.to": converted,
    **{
        f"Tensor.{name}": tensor_only
        for name in (
            "float",
            "half",
            "double",
            "long",
            "int",
            "bool",
            "bfloat16",
            "cpu",
            "contiguous",
            "clone",
            "detach",
            "short",
            "char",
            "byte",
            "cfloat",
            "data",
            "requires_grad_",
        )
    },
    "Tensor.type": lambda d: (d.tensor(), d.pick(*DTYPES, "torch.FloatTensor", "torch.LongTensor")),
    "Tensor.type_as": lambda d: (d.tensor(), d.tensor()),
    "Tensor.size": lambda d: (lambda t: d.pick((t,), (t, d.axis(t.dim()))))(d.tensor()),
    **{
        f"Tensor.{name}": tensor_only
        for name in (
            "dim",
            "ndimension",
            "numel",
            "nelement",
            "element_size",
            "is_floating_point",
            "is_complex",
            "tolist",
        )
    },
    "Tensor.__len__": tensor_only,
    "Tensor.item": single,
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch(name: str, hold: Any) -> None:
    hold(name, CASES[name])
