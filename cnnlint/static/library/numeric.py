"""numpy arrays that models compute their widths with: constant tensors that have numpy's attributes.

An array's numbers are Python's own once it has no axes left. What numpy and torch do differently is left unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnlint import ops
from cnnlint.graph.model import Tensor
from cnnlint.ops.apply import apply_function
from cnnlint.ops.spec import FunctionSpec, Refused, TensorSpec, Unclear
from cnnlint.static.library.arrays import element_type
from cnnlint.static.library.define import Args, Handler, Kwargs, argument
from cnnlint.static.values import External, Native, Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

_FUNCTIONS = {
    **{
        name: name
        for name in ("sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tanh", "floor", "ceil", "round", "abs")
    },
    **{name: name for name in ("sum", "max", "min", "mean", "maximum", "minimum", "stack", "unique", "where", "outer")},
    "power": "pow", "divide": "div", "multiply": "mul", "add": "add", "subtract": "sub", "concatenate": "cat",
    "clip": "clamp", "cumsum": "cumsum", "around": "round", "floor_divide": "floor_divide",
}  # fmt: skip
"""numpy's functions of arrays, and torch's that compute the same."""
_FIRST_AXIS = frozenset({"cumsum"})
"""Functions that torch tells the axis of, and numpy needs none for on one axis."""


def array_of(value: Value) -> Value:
    """The tensor ``value`` as an array."""
    if isinstance(value, TensorValue):
        value.array = True
    return value


def numpy_functions(scalars: dict[str, Handler]) -> dict[str, Handler]:
    """Handlers by full name: on arrays and lists as torch computes, else as ``scalars`` does."""
    return {f"numpy.{name}": _handler(name, torch, scalars.get(f"numpy.{name}")) for name, torch in _FUNCTIONS.items()}


def _handler(name: str, torch: str, scalar: Handler | None) -> Handler:
    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        spec = ops.function(f"torch.{torch}")
        arrays = any(isinstance(arg, TensorValue) and arg.array for arg in _flat(args))
        if spec is None or not (arrays or (scalar is None and any(isinstance(arg, list | tuple) for arg in args))):
            return (
                scalar(it, args, kwargs, site) if scalar is not None else it.unknown(f"numpy.{name} is not read", site)
            )
        given = {{"axis": "dim", "keepdims": "keepdim"}.get(key, key): value for key, value in kwargs.items()}
        if name in _FIRST_AXIS and len(args) == 1:
            given.setdefault("dim", 0)
        return of_arrays(it, spec, [_converted(it, arg, name, site) for arg in args], given, site)

    return handler


def _flat(args: Args) -> list[Value]:
    return [item for arg in args for item in (arg if isinstance(arg, list | tuple) else (arg,))]


def _converted(it: Interpreter, value: Value, name: str, site: Site) -> Value:
    """Lists of numbers are arrays; those of arrays stay lists."""
    from cnnlint.static.torchcalls import call_function

    if not isinstance(value, list | tuple) or it.haze(value):
        return value
    if name in ("concatenate", "stack"):
        return [_converted(it, item, "", site) for item in value]
    return array_of(call_function(it, "torch.tensor", [list(value)], {}, site))


def of_arrays(it: Interpreter, spec: FunctionSpec, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """What a function of torch makes of arrays; unknown where torch would refuse, for numpy may not."""
    from cnnlint.static.torchcalls import to_op

    given = [to_op(it, arg) for arg in args]
    named = {key: to_op(it, value) for key, value in kwargs.items()}
    try:
        result = apply_function(spec, given, named, it.training)
    except (Refused, Unclear):
        return it.unknown("what numpy makes of an array", site)
    return _value(it, result.output, site)


def _value(it: Interpreter, output: Any, site: Site) -> Value:
    from cnnlint.static.torchcalls import from_op

    if isinstance(output, TensorSpec):
        if output.shape == () and output.values is not None:
            return output.values[0]
        return array_of(TensorValue(Tensor(output.shape, output.dtype), output.values))
    if isinstance(output, tuple) and any(isinstance(item, TensorSpec) for item in output):
        return tuple(_value(it, item, site) for item in output)
    return from_op(it, output, "what numpy makes of an array", site)


def array_attribute(it: Interpreter, array: TensorValue, name: str, site: Site) -> Value:
    """An attribute that arrays have and tensors have not."""
    from cnnlint.static.torchcalls import call_function

    if name == "astype":

        def astype(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
            dtype = element_type(argument(args, kwargs, 0, "dtype"), None)
            if dtype is None:
                return it.unknown("an array of a type that is not known", site)
            return array_of(call_function(it, "Tensor.to", [array, External(f"torch.{dtype}")], {}, site))

        return Native(name, astype)
    if name == "copy":
        return Native(
            name, lambda it, args, kwargs, site: array_of(call_function(it, "Tensor.clone", [array], {}, site))
        )
    return it.unknown(f"{name} of an array", site)
