"""Tensors made from sizes: ``zeros``, ``randn``, ``full``, ``eye``, their ``_like`` and ``new_`` forms."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.dims import Dim, Shape, Sym, less, opaque
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Factory
from cnnlint.ops.reading import shown
from cnnlint.ops.spec import UNKNOWN, Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast, wants_expandable
from cnnlint.ops.tensors.define import both, function, method
from cnnlint.ops.tensors.dtypes import DEFAULT, number_dtype, wanted_dtype
from cnnlint.ops.tensors.operands import operand, real, shapes
from cnnlint.ops.tensors.sizes import listed_sizes, sizes_from, text_of, wants_sizes
from cnnlint.ops.tensors.values import LIMIT, cast, filled, sizes_of

OPTIONS = "dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False, out=None"
_SIZED = f"*size, {OPTIONS}, memory_format=None, generator=None, names=None"
_LIKE = "*, dtype=None, layout=None, device=None, requires_grad=False, memory_format=None, generator=None"
_NEW = "dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False"
_FILL = {"zeros": 0, "ones": 1, "zero": 0}


def made(name: str, shape: Shape, dtype: str | None, fill: Any = UNKNOWN) -> Result:
    """A new tensor, with ``fill`` everywhere if that is given."""
    values = None if fill is UNKNOWN else cast(filled(shape, fill), dtype)
    return Result(TensorSpec(shape, dtype, values), Factory(name))


def _sized(name: str) -> Entry:
    def entry(args: Args) -> Result:
        shape = wants_sizes(listed_sizes(args, "size"))
        return made(name, shape, wanted_dtype(args, DEFAULT), _FILL.get(name, UNKNOWN))

    return entry


def _like(name: str) -> Entry:
    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        return made(f"{name}_like", tensor.shape or (), wanted_dtype(args, tensor.dtype), _FILL.get(name, UNKNOWN))

    return entry


def own_dtype(args: Args) -> str | None:
    """The element type that is asked for, or that of the input, whose shape does not matter."""
    tensor = args["input"]
    if not isinstance(tensor, TensorLike):
        refuse(ProblemKind.ARGUMENT, f"needs a tensor, gets {type(tensor).__name__}")
    return wanted_dtype(args, tensor.dtype)


def _new(name: str) -> Entry:
    def entry(args: Args) -> Result:
        shape = wants_sizes(listed_sizes(args, "size"))
        return made(f"new_{name}", shape, own_dtype(args), _FILL.get(name, UNKNOWN))

    return entry


def _filling(args: Args) -> tuple[Any, str | None]:
    """The number to fill with, where it is known, and its type."""
    given = args.bound["fill_value"]
    if given is UNKNOWN:
        return UNKNOWN, None
    value = operand(args, "fill_value")
    if isinstance(value, TensorLike):
        if value.shape != ():
            refuse(ProblemKind.RANK, "needs a fill_value without axes", expected=0, got=len(value.shape or ()))
        return (value.values[0] if value.values else UNKNOWN), value.dtype
    return value, number_dtype(value)


def _full(args: Args) -> Result:
    if not isinstance(args["size"], list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a tuple for size, gets {args['size']!r}", got=repr(args["size"]))
    fill, dtype = _filling(args)
    return made("full", wants_sizes(sizes_from(args, "size")), wanted_dtype(args, dtype), fill)


def _full_like(args: Args) -> Result:
    tensor = args.tensor("input")
    return made("full_like", tensor.shape or (), wanted_dtype(args, tensor.dtype), _filling(args)[0])


def _new_full(args: Args) -> Result:
    shape = wants_sizes(sizes_from(args, "size"))
    return made("new_full", shape, own_dtype(args), _filling(args)[0])


def _eye(args: Args) -> Result:
    rows = args.dim("n")
    columns = args.dim("m") if args.given("m") else rows
    shape = wants_sizes((rows, columns))
    dtype, sizes = wanted_dtype(args, DEFAULT), sizes_of(shape)
    values = None if sizes is None else tuple(int(at % sizes[1] == at // sizes[1]) for at in range(sizes[0] * sizes[1]))
    return Result(TensorSpec(shape, dtype, cast(values, dtype)), Factory("eye"))


def _randint(args: Args) -> Result:
    given = [*args["bounds"]]
    if UNKNOWN in given:
        raise Unclear(f"{args.name}: its bounds or size are not known")
    size = given.pop() if given and isinstance(given[-1], list | tuple) else args["size"]
    named = [args[key] for key in ("low", "high") if args.given(key)]
    bounds = [Args(args.name, {"bound": value}).dim("bound") for value in (*given, *named)]
    if not isinstance(size, list | tuple) or not 1 <= len(bounds) <= 2:
        refuse(ProblemKind.SIGNATURE, "needs one or two bounds and a tuple for size")
    low, high = (0, *bounds) if len(bounds) == 1 else bounds
    if not less(low, high) and less(high - 1, low):
        refuse(ProblemKind.ARGUMENT, "draws from an empty range", expected=low, got=high)
    shape = wants_sizes(sizes_from(Args(args.name, {"size": size}), "size"))
    return made("randint", shape, wanted_dtype(args, "int64"))


def _randint_like(args: Args) -> Result:
    tensor = args.tensor("input")
    return made("randint_like", tensor.shape or (), wanted_dtype(args, tensor.dtype))


def _randperm(args: Args) -> Result:
    return made("randperm", wants_sizes((args.dim("n"),)), wanted_dtype(args, "int64"))


def _normal(args: Args) -> Result:
    if args.given("size"):
        return made("normal", wants_sizes(sizes_from(args, "size")), wanted_dtype(args, DEFAULT))
    operands = [operand(args, "mean"), operand(args, "std")]
    tensors = [value for value in operands if isinstance(value, TensorLike)]
    if not tensors:
        refuse(ProblemKind.SIGNATURE, "needs a size, or a tensor for mean or std")
    return made("normal", wants_broadcast(shapes(operands)), tensors[0].dtype)


def _bernoulli(args: Args) -> Result:
    tensor = args.tensor("input")
    return made("bernoulli", tensor.shape or (), tensor.dtype)


def _multinomial(args: Args) -> Result:
    shape, samples = args.shape("input"), args.dim("num_samples")
    if not 1 <= len(shape) <= 2:
        refuse(ProblemKind.RANK, f"needs 1 or 2 axes, gets {shown(shape)}", expected="1 or 2", got=len(shape))
    if isinstance(shape[-1], int) and shape[-1] == 0:
        refuse(ProblemKind.ARGUMENT, f"draws from no elements: {shown(shape)}", got=shape)
    if less(samples, 1) or (less(shape[-1], samples) and not args.flag("replacement")):
        refuse(ProblemKind.ARGUMENT, f"cannot draw {text_of(samples)} samples from {shown(shape)}", got=samples)
    return made("multinomial", (*shape[:-1], samples), "int64")


def _triangle(name: str, lower: bool) -> Entry:
    """``tril_indices`` and ``triu_indices``: the positions on one side of a diagonal."""

    def entry(args: Args) -> Result:
        rows, columns = wants_sizes((args.dim("row"), args.dim("col")))
        return made(name, (2, _below(rows, columns, args.dim("offset"), lower)), wanted_dtype(args, "int64"))

    return entry


def _below(rows: Dim, columns: Dim, offset: Dim, lower: bool) -> Dim:
    if isinstance(rows, Sym) or isinstance(columns, Sym) or isinstance(offset, Sym) or rows > LIMIT:
        return opaque()
    under = sum(min(max(row + offset + lower, 0), columns) for row in range(rows))
    return under if lower else rows * columns - under


def _written(name: str) -> Entry:
    """A method that fills its tensor with random numbers."""

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        return Result(TensorSpec(tensor.shape, tensor.dtype), Elementwise(name, inplace=True))

    return entry


def _fill(args: Args) -> Result:
    tensor, value = args.tensor("input"), real(args, "value") if args.bound["value"] is not None else 0
    values = None if value is None else cast(filled(tensor.shape or (), value), tensor.dtype)
    return Result(TensorSpec(tensor.shape, tensor.dtype, values), Elementwise("fill", inplace=True))


def _zero(args: Args) -> Result:
    return _fill(Args(args.name, {**args.bound, "value": 0}))


def _copy(args: Args) -> Result:
    tensor, source = args.tensor("input"), operand(args, "src", False)
    wants_expandable(source.shape or (), tensor.shape or (), "a source")
    return Result(TensorSpec(tensor.shape, tensor.dtype), Elementwise("copy", inplace=True))


_RANDOM = {
    "normal_": "input, mean=0, std=1, *, generator=None",
    "uniform_": "input, a=0, b=1, *, generator=None",
    "random_": "input, low=None, high=None, *, generator=None",
    "bernoulli_": "input, p=0.5, *, generator=None",
    "exponential_": "input, lambd=1, *, generator=None",
    "log_normal_": "input, mean=1, std=2, *, generator=None",
    "cauchy_": "input, median=0, sigma=1, *, generator=None",
    "geometric_": "input, p, *, generator=None",
}

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *(function(name, _SIZED, _sized(name)) for name in ("zeros", "ones", "empty", "rand", "randn")),
    *(function(f"{name}_like", f"input, {_LIKE}", _like(name)) for name in ("zeros", "ones", "empty", "rand", "randn")),
    *(method(f"new_{name}", f"input, *size, {_NEW}", _new(name)) for name in ("zeros", "ones", "empty")),
    function("full", f"size, fill_value, *, {OPTIONS}, names=None", _full),
    function("full_like", f"input, fill_value, {_LIKE}", _full_like),
    method("new_full", f"input, size, fill_value, *, {_NEW}", _new_full),
    function("eye", f"n, m=None, *, {OPTIONS}", _eye),
    function("randint", f"*bounds, low=None, high=None, size=None, generator=None, {OPTIONS}", _randint),
    function("randint_like", f"input, low, high=None, {_LIKE}", _randint_like),
    function("randperm", f"n, *, generator=None, {OPTIONS}", _randperm),
    function("normal", f"mean=0.0, std=1.0, size=None, *, generator=None, {OPTIONS}", _normal),
    both("bernoulli", "input, p=None, *, generator=None, out=None", _bernoulli),
    both("multinomial", "input, num_samples, replacement=False, *, generator=None, out=None", _multinomial),
    function("tril_indices", f"row, col, offset=0, *, {OPTIONS}", _triangle("tril_indices", True)),
    function("triu_indices", f"row, col, offset=0, *, {OPTIONS}", _triangle("triu_indices", False)),
    *(method(name, signature, _written(name.rstrip("_"))) for name, signature in _RANDOM.items()),
    method("fill_", "input, value", _fill),
    method("zero_", "input", _zero),
    method("copy_", "input, src, non_blocking=False", _copy),
)
