"""Strides of tensors, as far as they are certain: what ``view`` can take apart without a copy.

Strides are known of new tensors and of what is a view of them. Operations that are not listed here leave them unknown,
and nothing is said about a tensor of unknown strides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.ops.spec import TensorLike
from cnnlint.static.values import TensorValue, Value

Sizes: TypeAlias = tuple[int, ...]
Strides: TypeAlias = tuple[int, ...]

_NEW = frozenset({
    "randn", "rand", "zeros", "ones", "empty", "full", "randint", "arange", "linspace", "tensor", "eye", "randperm",
    "contiguous", "linear", "Linear", "bmm", "mm", "baddbmm", "embedding", "Embedding", "one_hot",
})  # fmt: skip
"""What gives a tensor of its own, its axes in order."""
_IN_ORDER = frozenset({
    "conv1d", "conv2d", "conv3d", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "layer_norm", "GroupNorm", "MaxPool1d", "MaxPool2d",
    "MaxPool3d", "AvgPool2d", "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "max_pool2d", "avg_pool2d",
    "adaptive_avg_pool2d", "softmax", "log_softmax", "Softmax", "LogSoftmax", "sum", "mean", "float", "to",
    "masked_fill", "cat", "stack", "add", "sub", "mul", "truediv", "div",
})  # fmt: skip
"""What gives a tensor with its axes in order where those of all its inputs are."""
_EACH = frozenset({
    "relu", "sigmoid", "tanh", "gelu", "silu", "elu", "leaky_relu", "dropout", "exp", "neg", "clone", "detach", "ReLU",
    "Sigmoid", "Tanh", "GELU", "SiLU", "ELU", "LeakyReLU", "Dropout", "Dropout2d", "Identity",
})  # fmt: skip
"""What keeps the order of the axes of its one input."""


def in_order(sizes: Sequence[int]) -> Strides:
    """The strides of a contiguous tensor."""
    strides: list[int] = []
    step = 1
    for size in reversed(sizes):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def known_sizes(tensor: Value) -> Sizes | None:
    """The sizes of a tensor, if all are numbers."""
    if not isinstance(tensor, TensorLike) or tensor.shape is None:
        return None
    return tuple(size for size in tensor.shape if type(size) is int) if _all_known(tensor.shape) else None


def _all_known(sizes: Iterable[Any]) -> bool:
    return all(type(size) is int for size in sizes)


def is_in_order(tensor: TensorValue) -> bool:
    """Whether a tensor is certainly contiguous."""
    sizes = known_sizes(tensor)
    if sizes is None or tensor.strides is None:
        return False
    pairs = zip(sizes, tensor.strides, in_order(sizes), strict=True)
    return all(size == 1 or own == wanted for size, own, wanted in pairs)


def lay_out(name: str, given: Sequence[Any], result: Value) -> None:
    """Give what the operation ``name`` returned the strides that it certainly has."""
    if isinstance(result, tuple | list):
        for item in result:
            lay_out(f"{name}[]", given, item)
    elif isinstance(result, TensorValue):
        sizes = known_sizes(result)
        result.strides = _strides(name, given, sizes) if sizes is not None else None


def _strides(name: str, given: Sequence[Any], sizes: Sizes) -> Strides | None:
    if name in _NEW or (name == "matmul" and _is_batched(given)):
        return in_order(sizes)
    tensors = [item for arg in given for item in (arg if isinstance(arg, list | tuple) else (arg,))]
    tensors = [item for item in tensors if isinstance(item, TensorValue)]
    source: TensorValue | None = tensors[0] if tensors else None
    if source is None or source.strides is None or known_sizes(source) is None:
        return None
    if name in _IN_ORDER and all(map(is_in_order, tensors)):
        return in_order(sizes)
    if source is not given[0]:
        return None
    if name in _EACH:
        return source.strides if source.shape == sizes and _dense(source) else None
    view = _VIEWS.get(name)
    return view(source, given[1:], sizes) if view is not None else None


def _is_batched(given: Sequence[Any]) -> bool:
    """Whether a product is that of as many or more axes by matrices, which is not turned around to be computed."""
    ranks = [len(arg.shape) for arg in given if isinstance(arg, TensorValue) and arg.shape is not None]
    return len(ranks) == 2 and ranks[0] >= ranks[1] >= 2


def _dense(tensor: TensorValue) -> bool:
    """Whether the elements lie side by side, in whatever order of the axes."""
    axes = zip(tensor.strides or (), known_sizes(tensor) or (), strict=True)
    step = 1
    for stride, size in sorted(axis for axis in axes if axis[1] != 1):
        if stride != step:
            return False
        step *= size
    return True


# ---- views --------------------------------------------------------------------------------------------------------


def _axis(index: Any, rank: int) -> int | None:
    return index % rank if type(index) is int and -rank <= index < rank else None


def _permuted(tensor: TensorValue, rest: Sequence[Any], sizes: Sizes) -> Strides | None:
    dims = rest[0] if len(rest) == 1 and isinstance(rest[0], tuple | list) else rest
    axes = [_axis(dim, len(sizes)) for dim in dims]
    strides = tensor.strides or ()
    return tuple(strides[axis] for axis in axes if axis is not None) if None not in axes else None


def _transposed(tensor: TensorValue, rest: Sequence[Any], sizes: Sizes) -> Strides | None:
    one, other = (_axis(dim, len(sizes)) for dim in rest) if len(rest) == 2 else (None, None)
    if one is None or other is None or tensor.strides is None:
        return None
    strides = list(tensor.strides)
    strides[one], strides[other] = strides[other], strides[one]
    return tuple(strides)


def _turned(tensor: TensorValue, rest: Sequence[Any], sizes: Sizes) -> Strides | None:
    return tuple(reversed(tensor.strides or ())) if len(sizes) <= 2 else None


def _viewed(tensor: TensorValue, rest: Sequence[Any], sizes: Sizes) -> Strides | None:
    return view_strides(known_sizes(tensor) or (), tensor.strides or (), sizes)


def _reshaped(tensor: TensorValue, rest: Sequence[Any], sizes: Sizes) -> Strides | None:
    """A view where one is possible, else a copy."""
    return _viewed(tensor, rest, sizes) or in_order(sizes)


def _same(tensor: TensorValue, rest: Sequence[Any], sizes: Sizes) -> Strides | None:
    return tensor.strides


_VIEWS: dict[str, Callable[[TensorValue, Sequence[Any], Sizes], Strides | None]] = {
    "permute": _permuted, "transpose": _transposed, "swapaxes": _transposed, "swapdims": _transposed, "t": _turned,
    "view": _viewed, "reshape": _reshaped, "flatten": _reshaped, "Flatten": _reshaped, "unsqueeze": _viewed,
    "squeeze": _viewed, "chunk[]": _same, "split[]": _same,
}  # fmt: skip


def view_strides(sizes: Sizes, strides: Strides, wanted: Sizes) -> Strides | None:
    """The strides of a view of shape ``wanted``; ``None`` if there is none.

    Axes that lie together in memory form a run; a view may split and join axes inside a run, never across."""
    runs = _runs(sizes, strides)
    found: list[int] = []
    length, step = runs.pop() if runs else (1, 1)
    for size in reversed(wanted):
        if length == 1 and size != 1:
            length, step = runs.pop() if runs else (1, 1)
        if size == 0 or length % size:
            return None
        found.append(step)
        length //= size
        step *= size
    return tuple(reversed(found)) if length == 1 and not runs else None


def _runs(sizes: Sizes, strides: Strides) -> list[tuple[int, int]]:
    """Number of elements and smallest stride of each run, the outermost first."""
    runs: list[tuple[int, int]] = []
    for size, stride in zip(reversed(sizes), reversed(strides), strict=True):
        if size == 1:
            continue
        if runs and stride == runs[-1][0] * runs[-1][1]:
            runs[-1] = (runs[-1][0] * size, runs[-1][1])
        else:
            runs.append((size, stride))
    return runs[::-1]


def view_problem(name: str, given: Sequence[Any], result: Value) -> Problem | None:
    """Why a ``view`` is not possible without a copy, if it certainly is not."""
    source = given[0] if given else None
    if name not in ("view", "view_as") or not isinstance(source, TensorValue) or source.strides is None:
        return None
    sizes, wanted = known_sizes(source), known_sizes(result)
    if sizes is None or wanted is None or 0 in sizes or view_strides(sizes, source.strides, wanted) is not None:
        return None
    text = "needs axes that lie together in memory, these do not: use reshape, or call contiguous() first"
    return Problem(ProblemKind.ARGUMENT, text, wanted, sizes)
