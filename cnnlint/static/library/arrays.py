"""numpy arrays in programs: unknown, except for their shape and type on the way into a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import Tensor
from cnnlint.static.library.define import Args, Kwargs, Table, argument
from cnnlint.static.values import External, Native, Site, TensorValue, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

ARRAYS = Table()

_TYPES = {
    "float32": "float32", "float64": "float64", "float16": "float16", "int64": "int64", "int32": "int32",
    "int16": "int16", "int8": "int8", "uint8": "uint8", "bool_": "bool", "bool": "bool", "single": "float32",
    "double": "float64", "float": "float64", "int": "int64", "half": "float16", "long": "int64", "float_": "float64",
    "int_": "int64",
}  # fmt: skip
"""numpy's names of element types (numpy 2 on Linux), and torch's."""


class ArrayValue(Unknown):
    """An array: its elements are not known, its shape and type may be."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Shape | None, dtype: str | None, site: Site | None) -> None:
        super().__init__("an array of numpy", site)
        self.shape = shape
        self.dtype = dtype

    def bare(self) -> Unknown:
        return Unknown(self.reason, self.site)


def element_type(value: Value, default: str | None) -> str | None:
    """The element type that a ``dtype`` argument stands for; ``None`` if it is not known."""
    if value is None:
        return default
    if isinstance(value, External) and value.path.startswith("numpy."):
        return _TYPES.get(value.path.removeprefix("numpy."))
    if isinstance(value, str):
        return _TYPES.get(value)
    return _TYPES.get(value.name) if getattr(value, "pytype", None) in (int, float, bool) else None


def _sizes(it: Interpreter, value: Value) -> Shape | None:
    sizes = value if isinstance(value, tuple | list) and not it.haze(value) else (value,)
    return tuple(sizes) if all(type(size) is int and size >= 0 for size in sizes) else None


def _filled(position: int) -> Callable[..., Value]:
    """``zeros(shape, dtype)`` and its kin; ``position`` is that of ``dtype``."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        shape = _sizes(it, argument(args, kwargs, 0, "shape"))
        kind = argument(args, kwargs, position, "dtype")
        return ArrayValue(shape, element_type(kind, "float64" if position == 1 else None), site)

    return handler


def _random(dtype: str, position: int) -> Callable[..., Value]:
    """Draws whose ``size`` is the argument at ``position``."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        size = argument(args, kwargs, position, "size")
        if size is None:
            return it.unknown("a random number", site)
        return ArrayValue(_sizes(it, size), element_type(kwargs.get("dtype"), dtype), site)

    return handler


def _spread(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``rand(2, 3)`` and ``randn(2, 3)``."""
    return ArrayValue(_sizes(it, list(args)), "float64", site) if args else it.unknown("a random number", site)


for _name in ("zeros", "ones", "empty"):
    ARRAYS[f"numpy.{_name}"] = _filled(1)
ARRAYS["numpy.full"] = _filled(2)
ARRAYS |= {"numpy.random.rand": _spread, "numpy.random.randn": _spread}
for _name, _position in (
    ("random", 0), ("random_sample", 0), ("standard_normal", 0), ("normal", 2), ("uniform", 2), ("exponential", 1),
):  # fmt: skip
    ARRAYS[f"numpy.random.{_name}"] = _random("float64", _position)
ARRAYS["numpy.random.randint"] = _random("int64", 2)


@ARRAYS.add("numpy.random.default_rng", "numpy.random.RandomState")
def _generator(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.values import Class, Instance

    draws = ("random", "standard_normal", "normal", "uniform", "randint", "rand", "randn", "exponential")
    natives = {name: Native(name, _method(ARRAYS[f"numpy.random.{name}"])) for name in draws}
    made = Class("Generator", native={**natives, "integers": natives["randint"]})
    made.traits.add("unresolved")
    return Instance(made)


def _method(handler: Callable[..., Value]) -> Callable[..., Value]:
    return lambda it, args, kwargs, site: handler(it, args[1:], kwargs, site)


@ARRAYS.add("numpy.linspace")
def _linspace(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return ArrayValue(
        _sizes(it, argument(args, kwargs, 2, "num", 50)), element_type(kwargs.get("dtype"), "float64"), site
    )


@ARRAYS.add("numpy.arange")
def _arange(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if not all(type(arg) is int for arg in args) or not 1 <= len(args) <= 3 or (len(args) == 3 and not args[2]):
        return ArrayValue(None, None, site)
    return ArrayValue((len(range(*args)),), element_type(kwargs.get("dtype"), "int64"), site)


@ARRAYS.add("numpy.array", "numpy.asarray")
def _array(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    value = argument(args, kwargs, 0, "object")
    kind = argument(args, kwargs, 1, "dtype")
    if isinstance(value, ArrayValue):
        return ArrayValue(value.shape, element_type(kind, value.dtype), site)
    shape, numbers = _nested(it, value)
    whole = all(isinstance(number, int) for number in numbers)
    default = ("int64" if whole else "float64") if shape is not None and numbers else None
    return ArrayValue(shape, element_type(kind, default), site)


def _nested(it: Interpreter, value: Value) -> tuple[Shape | None, list[Any]]:
    """The shape of nested lists, and the numbers in them."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (), [value]
    if not isinstance(value, list | tuple) or it.haze(value):
        return None, []
    inner = [_nested(it, item) for item in value]
    shapes = {shape for shape, _ in inner}
    if len(shapes) != 1 or None in shapes:
        return None, []
    (shape,) = shapes
    return (len(value), *(shape or ())), [number for _, numbers in inner for number in numbers]


def array_attribute(it: Interpreter, array: ArrayValue, name: str, site: Site) -> Value:
    """``array.name``; unknown for whatever does not lead to a tensor."""
    if name == "shape" and array.shape is not None:
        return tuple(array.shape)
    if name == "ndim" and array.shape is not None:
        return len(array.shape)
    if name == "astype":
        return Native(name, lambda it, args, kw, site: ArrayValue(
            array.shape, element_type(argument(args, kw, 0, "dtype"), None), site
        ))  # fmt: skip
    if name == "copy":
        return Native(name, lambda it, args, kwargs, site: ArrayValue(array.shape, array.dtype, site))
    if name == "reshape":
        return Native(name, lambda it, args, kwargs, site: _reshaped(it, array, args, site))
    return array.bare()


def _reshaped(it: Interpreter, array: ArrayValue, args: Args, site: Site) -> Value:
    sizes = args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else tuple(args)
    if array.shape is None or not all(type(size) is int for size in sizes):
        return ArrayValue(None, array.dtype, site)
    shape = _as_tensor_op(it, "Tensor.reshape", [_tensor(array), *sizes], site)
    return ArrayValue(shape, array.dtype, site)


def array_item(it: Interpreter, array: ArrayValue, index: Value, site: Site) -> Value:
    """``array[index]`` by numbers and slices."""
    parts = index if isinstance(index, tuple) else (index,)
    plain = all(isinstance(part, slice | int | None) or part is ... for part in parts)
    if array.shape is None or not plain:
        return array.bare()
    return ArrayValue(_as_tensor_op(it, "operator.getitem", [_tensor(array), index], site), array.dtype, site)


def _as_tensor_op(it: Interpreter, name: str, args: list[Value], site: Site) -> Shape | None:
    """The shape that the same operation gives a tensor; numpy's own errors are not followed."""
    from cnnlint.static.signals import Raised
    from cnnlint.static.torchcalls import call_function

    try:
        made = call_function(it, name, args, {}, site)
    except Raised:
        return None
    return made.shape if isinstance(made, TensorValue) else None


def _tensor(array: ArrayValue) -> TensorValue:
    return TensorValue(Tensor(array.shape, array.dtype))


def to_tensor(it: Interpreter, name: str, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``torch.from_numpy(array)``, ``torch.tensor(array, dtype=...)``."""
    from cnnlint.static.torchcalls import call_function

    made = _tensor(args[0])
    kind = kwargs.get("dtype")
    return made if kind is None else call_function(it, "Tensor.to", [made, kind], {}, site)
