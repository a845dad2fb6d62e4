"""Reshaping, permuting, joining and splitting against torch."""

from __future__ import annotations

from typing import Any

import pytest


def sized(d: Any, keyword: bool = False) -> Any:
    """A tensor and a shape that often holds its elements."""
    tensor = d.tensor()
    total = tensor.numel()
    first = d.pick(*(size for size in range(1, 9) if total % size == 0 or d.rarely()), 1)
    sizes = d.pick(
        (first, total // first),
        (total,),
        (first, -1),
        (-1, first),
        (-1,),
        (-1, -1),
        d.sizes(),
        (1, first, total // first),
        tuple(tensor.shape),
        (*tensor.shape[:1], -1),
        (*tensor.shape[:2], -1),
    )
    return tensor, sizes


def written(d: Any) -> Any:
    """Sizes as a tuple, a list, or one by one."""
    tensor, sizes = sized(d)
    return d.pick((tensor, *sizes), (tensor, sizes), (tensor, list(sizes)))


def swapped(d: Any) -> Any:
    tensor = d.tensor()
    return tensor, d.axis(tensor.dim()), d.axis(tensor.dim())


def permutation(d: Any) -> Any:
    tensor = d.tensor()
    order = [axis - tensor.dim() if d.flag() else axis for axis in range(tensor.dim())]
    return tensor, order[::-1] if d.flag() else order[: d.int(0, 4)]


def expansion(d: Any) -> Any:
    tensor = d.tensor()
    sizes = [d.pick(-1, size) if size != 1 else d.int(-1, 4) for size in tensor.shape]
    return tensor, (*d.pick((), (), (2,), (-1,)), *d.near(sizes))


def with_axes(d: Any) -> Any:
    tensor = d.tensor()
    axes = d.axes(tensor.dim())
    return (tensor,) if axes is None else (tensor, axes)


def moved(d: Any) -> Any:
    tensor = d.tensor()
    source = d.axes(tensor.dim())
    target = source if d.flag() else d.axes(tensor.dim())
    return tensor, source if source is not None else 0, target if target is not None else -1


def rolled(d: Any) -> Any:
    tensor = d.tensor()
    return d.pick(
        (tensor, d.int(-3, 3)),
        (tensor, d.int(-3, 3), d.axis(tensor.dim())),
        (tensor, (1, -1), (d.axis(tensor.dim()), d.axis(tensor.dim()))),
        (tensor, (1,), (0, 1)),
    )


def alike(d: Any) -> Any:
    """Tensors to be joined: alike but for one axis."""
    shape = d.shape(1)
    axis = d.axis(len(shape))
    tensors = []
    for _ in range(d.int(1, 3)):
        sizes = list(shape)
        if -len(shape) <= axis < len(shape):
            sizes[axis] = d.int(0, 3)
        tensors.append(d.tensor(d.pick(sizes, sizes, sizes, d.near(sizes), (0,))))
    return d.pick(tensors, tuple(tensors)), axis


def stacked(d: Any) -> Any:
    shape = d.shape()
    return [d.tensor(d.near(shape)) for _ in range(d.int(1, 3))], d.axis(len(shape) + 1)


def side_by_side(d: Any) -> Any:
    shape = d.shape(0, 3)
    return ([d.tensor(d.near(shape)) for _ in range(d.int(1, 3))],)


def pieces(d: Any) -> Any:
    tensor = d.tensor(d.shape(0 if d.rarely() else 1))
    return tensor, d.int(0, 4), *d.pick((), (d.axis(tensor.dim()),))


def sections(d: Any) -> Any:
    tensor = d.tensor(d.shape(0 if d.rarely() else 1))
    axis = d.axis(tensor.dim())
    size = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 2
    first = d.int(0, size)
    return tensor, d.pick([first, size - first], [size], [first, 1], [-1, size + 1]), axis


def cuts(d: Any) -> Any:
    tensor = d.tensor(d.shape(0 if d.rarely() else 1))
    return tensor, d.pick(d.int(0, 4), [d.int(-3, 4), d.int(-3, 4)], (1,), []), d.axis(tensor.dim())


def halves(d: Any) -> Any:
    return d.tensor(), d.pick(2, [1], [1, 2], 1)


def picked(d: Any) -> Any:
    tensor = d.tensor()
    return tensor, d.axis(tensor.dim()), d.int(-3, 3)


def narrowed(d: Any) -> Any:
    tensor = d.tensor()
    return tensor, d.axis(tensor.dim()), d.int(-2, 3), d.int(-1, 3)


def repeated(d: Any) -> Any:
    tensor = d.tensor(d.shape(0, 3))
    times = [d.int(0, 3) for _ in range(tensor.dim() + d.int(0, 1))]
    return tensor, times[1:] if d.rarely() else times


def divided(d: Any) -> Any:
    tensor = d.tensor(d.shape(1))
    axis = d.axis(tensor.dim())
    size = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 2
    return tensor, axis, d.pick((1, size), (size, -1), (-1,), (-1, 2), (2, 2), (-1, -1), ())


CASES = {
    "Tensor.view": written,
    "Tensor.reshape": written,
    "torch.reshape": sized,
    "Tensor.view_as": lambda d: (d.tensor((2, 3)), d.tensor(d.pick((3, 2), (6,), (2, 3), (4,)))),
    "Tensor.reshape_as": lambda d: (d.tensor((2, 3)), d.tensor(d.pick((3, 2), (6,), (2, 3), (4,)))),
    "torch.flatten": lambda d: swapped(d)[: d.int(1, 3)],
    "torch.ravel": lambda d: (d.tensor(),),
    "torch.unflatten": divided,
    "torch.squeeze": with_axes,
    "torch.unsqueeze": lambda d: swapped(d)[:2],
    "Tensor.squeeze_": with_axes,
    "Tensor.unsqueeze_": lambda d: swapped(d)[:2],
    "Tensor.expand": lambda d: (lambda t, s: d.pick((t, *s), (t, s)))(*expansion(d)),
    "torch.broadcast_to": expansion,
    "Tensor.expand_as": lambda d: (lambda t: (d.tensor(d.fitting(t.shape)), t))(d.tensor()),
    "torch.atleast_1d": lambda d: (d.tensor(),),
    "torch.atleast_2d": lambda d: (d.tensor(),),
    "torch.atleast_3d": lambda d: d.pick((d.tensor(),), (d.tensor(), d.tensor())),
    "Tensor.permute": lambda d: (lambda t, o: d.pick((t, *o), (t, o), (t, tuple(o))))(*permutation(d)),
    "torch.permute": permutation,
    "torch.transpose": swapped,
    "torch.swapaxes": swapped,
    "Tensor.swapdims": swapped,
    "Tensor.transpose_": swapped,
    "torch.t": lambda d: (d.tensor(d.shape(0, 3)),),
    "Tensor.t_": lambda d: (d.tensor(d.shape(0, 3)),),
    "Tensor.T": lambda d: (d.tensor(d.pick((2, 3), (0, 2), (4, 1))),),
    "Tensor.mT": lambda d: (d.tensor(),),
    "Tensor.H": lambda d: (d.tensor(d.pick((2, 3), (3,), (1, 2, 3), (1, 2))),),
    "torch.movedim": moved,
    "Tensor.moveaxis": moved,
    "torch.flip": lambda d: (lambda t, o: (t, o))(*permutation(d)),
    "Tensor.flip": lambda d: (lambda t, o: (t, *o))(*permutation(d)),
    "torch.fliplr": lambda d: (d.tensor(d.shape(0, 3)),),
    "torch.flipud": lambda d: (d.tensor(d.shape(0, 3)),),
    "torch.roll": rolled,
    "Tensor.repeat": lambda d: (lambda t, s: d.pick((t, *s), (t, s)))(*repeated(d)),
    "torch.tile": repeated,
    "Tensor.tile": lambda d: (lambda t, s: d.pick((t, *s), (t, s)))(*repeated(d)),
    "torch.cat": alike,
    "torch.concat": alike,
    "torch.concatenate": lambda d: (lambda t, a: ((t,), {"axis": a}))(*alike(d)),
    "torch.stack": stacked,
    "torch.hstack": side_by_side,
    "torch.vstack": side_by_side,
    "torch.dstack": side_by_side,
    "torch.split": lambda d: d.pick(pieces(d), sections(d)),
    "Tensor.split": lambda d: d.pick(pieces(d), sections(d)),
    "torch.split_with_sizes": sections,
    "torch.chunk": pieces,
    "torch.tensor_split": cuts,
    "torch.hsplit": halves,
    "torch.vsplit": halves,
    "torch.dsplit": halves,
    "torch.unbind": lambda d: swapped(d)[: d.int(1, 2)],
    "torch.select": picked,
    "torch.narrow": narrowed,
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch(name: str, hold: Any) -> None:
    hold(name, CASES[name])
