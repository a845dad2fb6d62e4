"""Indexing, gathering and scattering against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch


def one_index(d: Any, size: int) -> Any:
    return d.pick(
        d.int(-size, max(size - 1, 0)),
        d.int(-size, max(size - 1, 0)),
        d.int(-4, 4),
        slice(None),
        slice(None),
        slice(d.maybe(d.int(-4, 4)), d.maybe(d.int(-4, 4)), d.pick(None, 1, 2, 3, d.int(-1, 3))),
        None,
        ...,
        True,
        [d.int(-size, max(size - 1, 0)) for _ in range(d.int(0, 3))],
        d.indices(d.pick((), (2,), (1, 2), (3,)), size),
        d.mask((size,)),
        torch.tensor(d.flag()),
        [d.flag() for _ in range(size)],
    )


def index(d: Any) -> Any:
    tensor = d.tensor(d.shape(0 if d.rarely() else 1))
    items, dots = [], 0
    for size in (*tensor.shape, 2)[: d.int(0, tensor.dim() + 1)]:
        item = one_index(d, size)
        dots += item is ...
        items.append(slice(None) if item is ... and dots > 1 else item)
    if d.rarely():
        items.insert(0, d.mask(tensor.shape[:2]))
    return tensor, items[0] if len(items) == 1 and d.flag() else tuple(items)


def assignment(d: Any) -> Any:
    tensor, items = index(d)
    try:
        shape = tuple(tensor[items].shape)
    except (IndexError, ValueError, TypeError, RuntimeError):
        shape = ()
    kind = str(tensor.dtype)[6:]
    return tensor, items, d.pick(1, 0.5, d.tensor(d.fitting(shape), kind), d.tensor((1, *d.fitting(shape)), kind))


def gathered(d: Any) -> Any:
    tensor = d.tensor()
    axis = d.axis(tensor.dim())
    shape = [
        d.int(0, size) if at != axis % max(tensor.dim(), 1) else d.int(0, 4) for at, size in enumerate(tensor.shape)
    ]
    limit = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 1
    return tensor, axis, d.indices(d.near(shape), limit)


def scattered(d: Any) -> Any:
    tensor, axis, places = gathered(d)
    source = d.tensor(d.pick(places.shape, places.shape, tensor.shape, d.near(places.shape)), str(tensor.dtype)[6:])
    return tensor, axis, places, source


def taken_along(d: Any) -> Any:
    tensor, axis, places = gathered(d)
    if not tensor.numel():
        tensor, axis, places = d.floats((2, 3)), 1, d.indices((2, 2), 3)
    return d.pick((tensor, places), (tensor, places, axis), (tensor, places, axis))


def selected(d: Any) -> Any:
    tensor = d.tensor()
    axis = d.axis(tensor.dim())
    limit = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 1
    return tensor, axis, d.indices(d.pick((), (2,), (3,), (0,), (2, 2)), limit)


def placed(d: Any) -> Any:
    tensor = d.tensor(d.shape(1), "float32")
    axis = d.int(0, tensor.dim() - 1)
    places = d.indices((2,), tensor.shape[axis])
    shape = [2 if at == axis else size for at, size in enumerate(tensor.shape)]
    return tensor, axis, places, d.floats(d.near(shape))


def masked(d: Any) -> Any:
    tensor = d.tensor()
    return tensor, d.pick(d.mask(d.fitting(tensor.shape)), d.mask(tensor.shape), d.tensor(tensor.shape))


CASES = {
    "operator.getitem": index,
    "torch.gather": gathered,
    "torch.take_along_dim": taken_along,
    "torch.take": lambda d: (d.floats((2, 3)), d.indices(d.shape(), 6)),
    "torch.index_select": selected,
    "torch.masked_select": masked,
    "torch.scatter": scattered,
    "torch.scatter_add": scattered,
    "Tensor.scatter_": lambda d: (*gathered(d), d.pick(1, 0)),
    "torch.scatter_reduce": lambda d: (*scattered(d), "sum"),
    "torch.index_add": placed,
    "torch.index_copy": placed,
    "torch.index_fill": lambda d: (*placed(d)[:3], 0.5),
    "Tensor.index_fill_": lambda d: (*placed(d)[:3], 0.5),
    "Tensor.scatter_add_": scattered,
    "torch.masked_scatter": lambda d: (d.floats((2, 3)), d.mask(d.fitting((2, 3))), d.floats((6,))),
    "torch.index_put": lambda d: (d.floats((3, 4)), (d.indices((2,), 3),), d.floats(d.fitting((2, 4)))),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch(name: str, hold: Any) -> None:
    hold(name, CASES[name], 12 if name == "operator.getitem" else 1)


def test_assignment(hold: Any) -> None:
    hold("operator.setitem", assignment, 10)
