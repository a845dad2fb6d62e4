"""Questions that a tensor answers with plain Python values: sizes, counts, its elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnlint.graph.dims import differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.reading import axis_of, shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, TensorLike, Unclear, refuse
from cnnlint.ops.tensors.define import both, function, method
from cnnlint.ops.tensors.dtypes import ITEM_SIZE, is_complex, is_floating
from cnnlint.ops.tensors.values import elements, nested

# Torch itself stops here.
_MOST_AXES = 64


def _size(args: Args) -> Result:
    shape = args.shape("input")
    if args.bound["dim"] is None:
        return Result(shape)
    axis = axis_of(args, "dim", len(shape))
    if not shape:
        refuse(ProblemKind.INDEX, "asks for a size of a tensor without axes", expected=0, got=axis)
    return Result(shape[axis])


def _item(args: Args) -> Result:
    tensor = args.tensor("input")
    total = product(tensor.shape or ())
    if differ(total, 1):
        refuse(ProblemKind.ARGUMENT, "takes the one element of a tensor that has another number", expected=1, got=total)
    if tensor.values is None or len(tensor.values) != 1:
        raise Unclear(f"{args.name}: the element is not known")
    return Result(tensor.values[0])


def _tolist(args: Args) -> Result:
    known = elements(args.tensor("input"))
    if known is None or len(known[0]) > _MOST_AXES:
        raise Unclear(f"{args.name}: the elements are not known")
    return Result(nested(known[1], known[0]))


def _asked(answer: Callable[[TensorLike], Any]) -> Entry:
    def entry(args: Args) -> Result:
        found = answer(args.tensor("input"))
        if found is None:
            raise Unclear(f"{args.name}: the element type is not known")
        return Result(found)

    return entry


def _typed(answer: Callable[[str | None], bool]) -> Callable[[TensorLike], bool | None]:
    return lambda tensor: None if tensor.dtype is None else answer(tensor.dtype)


def _element_size(tensor: TensorLike) -> int | None:
    return ITEM_SIZE.get(tensor.dtype or "")


_RANK = _asked(lambda tensor: len(tensor.shape or ()))
_COUNT = _asked(lambda tensor: product(tensor.shape or ()))


def _backward(args: Args) -> Result:
    shape = args.shape("input")
    if not args.given("gradient") and differ(product(shape), 1):
        text = f"needs a scalar, or a gradient to start from, gets {shown(shape)}"
        refuse(ProblemKind.ARGUMENT, text, expected=1, got=shape)
    return Result(None)


def _nothing(args: Args) -> Result:
    """A call that is made for its effect on gradients."""
    return Result(None)


FUNCTIONS: tuple[FunctionSpec, ...] = (
    method("size", "input, dim=None", _size),
    method("dim", "input", _RANK, "ndimension"),
    both("numel", "input", _COUNT),
    method("nelement", "input", _COUNT),
    method("__len__", "input", lambda args: _size(Args(args.name, {"input": args.bound["input"], "dim": 0}))),
    method("element_size", "input", _asked(_element_size)),
    both("is_floating_point", "input", _asked(_typed(is_floating))),
    both("is_complex", "input", _asked(_typed(is_complex))),
    method("item", "input", _item),
    method("tolist", "input", _tolist),
    *(method(name, "input, *args, **kwargs", _nothing) for name in ("register_hook", "retain_grad")),
    method("backward", "input, gradient=None, retain_graph=None, create_graph=False, inputs=None", _backward),
    *(method(name, "input", _asked(lambda tensor: False)) for name in ("is_sparse", "is_quantized", "is_nested")),
    function("is_tensor", "obj", lambda args: Result(isinstance(args["obj"], TensorLike))),
)
