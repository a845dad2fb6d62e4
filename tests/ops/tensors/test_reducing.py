"""Reductions, extremes, statistics and orders against torch."""

from __future__ import annotations

from typing import Any

import pytest


def over(d: Any) -> Any:
    """A tensor, axes and ``keepdim``, in the ways they are written."""
    tensor = d.tensor()
    axes = d.axes(tensor.dim())
    return d.pick(
        ((tensor,), {}),
        ((tensor, axes), {}),
        ((tensor, axes, d.flag()), {}),
        ((tensor,), {"dim": axes, "keepdim": True}),
        ((tensor,), {"axis": axes}),
    )


def over_floats(d: Any) -> Any:
    (tensor, *rest), kwargs = over(d)
    return (d.floats(tensor.shape), *rest), kwargs


def along(d: Any) -> Any:
    """At most one axis."""
    tensor = d.tensor()
    axis = d.axis(tensor.dim())
    return d.pick(((tensor,), {}), ((tensor, axis), {}), ((tensor, axis, True), {}), ((tensor,), {"dim": axis}))


def one_axis(d: Any) -> Any:
    tensor = d.tensor()
    return d.pick(((tensor, d.axis(tensor.dim())), {}), ((tensor,), {"dim": d.axis(tensor.dim()), "keepdim": d.flag()}))


def extreme(d: Any) -> Any:
    if d.flag():
        return along(d)
    tensor = d.tensor()
    return d.pick(((tensor, d.tensor(d.fitting(tensor.shape))), {}), ((tensor,), {"other": d.tensor(tensor.shape)}))


def typed(d: Any) -> Any:
    args, kwargs = over(d)
    import torch

    return args, {**kwargs, **d.pick({}, {"dtype": torch.float32}, {"dtype": torch.float64})}


def spread(d: Any) -> Any:
    tensor = d.pick(d.floats(), d.floats(), d.tensor())
    axes = d.axes(tensor.dim())
    return d.pick(
        ((tensor,), {}),
        ((tensor, axes), {}),
        ((tensor, d.flag()), {}),
        ((tensor, axes, d.flag(), d.flag()), {}),
        ((tensor,), {"dim": axes, "correction": 0, "keepdim": d.flag()}),
    )


def norm(d: Any) -> Any:
    tensor = d.pick(d.floats(), d.floats(), d.tensor())
    axis = d.axis(tensor.dim())
    return d.pick(
        ((tensor,), {}),
        ((tensor, 2), {}),
        ((tensor, 1, axis), {}),
        ((tensor, 2, axis, True), {}),
        ((tensor,), {"p": 2, "dim": axis, "keepdim": d.flag()}),
    )


def vector_norm(d: Any) -> Any:
    tensor = d.floats()
    axes = d.axes(tensor.dim())
    return d.pick(((tensor,), {}), ((tensor, 2, axes), {}), ((tensor,), {"dim": axes, "keepdim": d.flag()}))


def matrix_norm(d: Any) -> Any:
    tensor = d.floats(d.shape(2 if not d.rarely() else 0))
    return ((tensor,), d.pick({}, {"keepdim": True}, {"dim": (0, d.int(-3, 2))}))


def quantile(d: Any) -> Any:
    import torch

    tensor = d.pick(d.floats(), d.floats(), d.tensor())
    q = d.pick(0.5, torch.tensor([0.1, 0.5]), torch.tensor(0.3))
    return d.pick(((tensor, q), {}), ((tensor, q), {"dim": d.axis(tensor.dim()), "keepdim": d.flag()}))


def kth(d: Any) -> Any:
    tensor = d.tensor()
    return d.pick((tensor, d.int(0, 3)), (tensor, d.int(0, 3), d.axis(tensor.dim())))


def sorting(d: Any) -> Any:
    tensor = d.tensor(d.pick((3,), d.shape()))
    return d.pick(((tensor,), {}), ((tensor, d.axis(tensor.dim())), {}), ((tensor,), {"descending": True}))


def unique(d: Any) -> Any:
    tensor = d.tensor()
    return (
        (tensor,),
        d.pick(
            {},
            {"return_counts": True},
            {"return_inverse": True},
            {"dim": d.axis(tensor.dim())},
            {"dim": d.axis(tensor.dim()), "return_inverse": True, "return_counts": True},
        ),
    )


def running(d: Any) -> Any:
    import torch

    tensor = d.tensor()
    return (tensor, d.axis(tensor.dim())), d.pick({}, {}, {"dtype": torch.float64})


def tensor_only(d: Any) -> Any:
    return (d.tensor(),)


CASES = {
    **dict.fromkeys(("torch.sum", "torch.mean"), typed),
    **dict.fromkeys(("torch.nansum", "torch.nanmean", "torch.amax", "Tensor.amin", "torch.all", "Tensor.any"), over),
    "Tensor.sum": over,
    "Tensor.mean": over_floats,
    "torch.logsumexp": one_axis,
    "torch.prod": along,
    "torch.count_nonzero": lambda d: (over(d)[0][:2], {}),
    **dict.fromkeys(("torch.max", "Tensor.min"), extreme),
    **dict.fromkeys(("torch.argmax", "Tensor.argmin", "torch.median", "torch.nanmedian"), along),
    "torch.mode": along,
    "torch.kthvalue": kth,
    "torch.aminmax": lambda d: ((d.tensor(),), d.pick({}, {"dim": d.axis(3)}, {"dim": 0, "keepdim": True})),
    **dict.fromkeys(("torch.cummax", "torch.cummin", "torch.logcumsumexp"), lambda d: (one_axis(d)[0][:2], {})),
    **dict.fromkeys(("torch.std", "Tensor.var", "torch.std_mean", "torch.var_mean"), spread),
    **dict.fromkeys(("torch.norm", "Tensor.norm"), norm),
    "torch.linalg.norm": vector_norm,
    "torch.linalg.vector_norm": vector_norm,
    "torch.linalg.matrix_norm": matrix_norm,
    "torch.quantile": quantile,
    "torch.nanquantile": quantile,
    "torch.sort": sorting,
    "Tensor.argsort": sorting,
    "torch.msort": tensor_only,
    "torch.topk": kth,
    **dict.fromkeys(("torch.cumsum", "torch.cumprod"), running),
    "Tensor.cumsum_": lambda d: (d.floats((2, 3)), d.axis(2)),
    "torch.diff": lambda d: d.pick((d.tensor(),), (d.tensor(), d.int(-1, 3)), (d.tensor(), 1, d.axis(2))),
    "torch.unique": unique,
    "torch.unique_consecutive": unique,
    "torch.nonzero": lambda d: ((d.tensor(),), d.pick({}, {"as_tuple": True})),
    "torch.argwhere": tensor_only,
    "torch.isin": lambda d: (d.floats(), d.floats((3,))),
    "torch.bincount": lambda d: (d.tensor(d.shape(0, 2), "int64").abs(),),
    "torch.histc": lambda d: (d.floats(), d.int(0, 4)),
    "torch.bucketize": lambda d: (d.pick(d.floats(), 1.5), d.floats((3,)).sort()[0]),
    "torch.searchsorted": lambda d: (d.floats((3,)).sort()[0], d.pick(d.floats(), 1.5)),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch(name: str, hold: Any) -> None:
    hold(name, CASES[name])
