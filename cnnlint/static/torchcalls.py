"""Asking the ops table: functions and methods of torch on evaluated values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from cnnlint import ops
from cnnlint.graph.dims import Sym, is_known
from cnnlint.graph.model import Origin, Tensor
from cnnlint.graph.operations import Opaque, Operation
from cnnlint.ops.apply import apply_function
from cnnlint.ops.spec import UNKNOWN, Foreign, Refused, Result, TensorLike, TensorSpec, Unclear
from cnnlint.static.classes import make_namedtuple
from cnnlint.static.devices import note_device
from cnnlint.static.layout import lay_out, view_problem
from cnnlint.static.library.arrays import ArrayValue, to_tensor
from cnnlint.static.library.numeric import array_of, of_arrays
from cnnlint.static.recorder import tensors_of
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    MISSING,
    Class,
    Device,
    EnumMember,
    External,
    Iteration,
    ModelOutput,
    ModuleInstance,
    NamedTuple,
    Site,
    TensorValue,
    TorchSize,
    Unknown,
    UnknownObject,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

_FROM_ARRAYS = frozenset({
    "torch.from_numpy", "torch.tensor", "torch.as_tensor", "torch.asarray", "torch.FloatTensor", "torch.LongTensor",
})  # fmt: skip
_NO_ARRAYS = frozenset(name.removeprefix("torch.") for name in _FROM_ARRAYS)
Ask = Callable[[], Result]
MAX_RANK = 64
"""Most axes a tensor is followed with: many of torch's functions refuse more."""
_AS_THEY_ARE = frozenset({int, float, complex, bool, str, type(None), Sym, TensorValue, TensorSpec})


def to_op(it: Interpreter, value: Value) -> Any:
    """An evaluated value as entries of the ops table take it."""
    if type(value) in _AS_THEY_ARE:
        return value
    match value:
        case slice():
            return _slice(it, value)
        case Unknown():
            size = value.as_dim()
            return UNKNOWN if size is None else size
        case External():
            return value.path
        case Device():
            return str(value)
        case EnumMember():
            return to_op(it, value.value)
        case tuple() | list() | dict() if it.haze(value):
            return UNKNOWN
        case tuple():
            return tuple(to_op(it, item) for item in value)
        case list():
            return [to_op(it, item) for item in value]
        case range() | Iteration():
            return [to_op(it, item) for item in value]
        case dict():
            return {key: to_op(it, item) for key, item in value.items()}
        case _:
            return value if value is ... else UNKNOWN


def operand(it: Interpreter, value: Value) -> Any:
    """An argument of a call as entries take it. A module is none that any of them works on."""
    if isinstance(value, ModuleInstance) and not value.cls.has("unresolved"):
        return Foreign(value.cls.name)
    return to_op(it, value)


def _slice(it: Interpreter, value: slice) -> slice:
    return slice(*(to_op(it, bound) for bound in (value.start, value.stop, value.step)))


def from_op(it: Interpreter, value: Any, reason: str, site: Site) -> Value:
    """What an entry returned, as an evaluated value (tensors are wrapped elsewhere)."""
    if value is UNKNOWN or isinstance(value, Foreign):
        return it.unknown(reason, site)
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(from_op(it, item, reason, site) for item in value)
    if isinstance(value, list):
        return [from_op(it, item, reason, site) for item in value]
    return value


def call_function(
    it: Interpreter, name: str, args: list[Value], kwargs: dict[str, Value], site: Site | None, inplace: bool = False
) -> Value:
    """Call the torch function or tensor method with the full name ``name``."""
    site = site or it.recorder.site
    if args and type(args[0]) is ModelOutput and it.script is not None:
        return it.script.call_function(it, name, args, kwargs, site)
    if args and type(args[0]) is ArrayValue and name in _FROM_ARRAYS:
        return to_tensor(it, name, args, kwargs, site)
    spec = (ops.function(name.replace("operator.", "operator.i")) if inplace else None) or ops.function(name)
    if spec is None:
        return _unlisted(it, name, args, kwargs, site)
    sources = tensors_of([*args, *kwargs.values()])
    if sources and name not in _FROM_ARRAYS and all(source.array for source in sources):
        return of_arrays(it, spec, args, kwargs, site)
    note_device(it, name, args, kwargs, site)
    given = [operand(it, arg) for arg in args]
    named = {key: operand(it, value) for key, value in kwargs.items()}

    def question() -> Result:
        result = apply_function(spec, given, named, it.training)
        problem = view_problem(spec.name, given, result.output)
        if problem is not None:
            raise Refused(problem, result)
        return result

    result = ask(it, question, spec.name, sources, site)
    if name == "Tensor.numpy":
        return array_of(result)
    lay_out(spec.name, [*given, *named.values()], result)
    changes = isinstance(result, TensorValue) and args and isinstance(args[0], TensorValue)
    if changes and (inplace or _in_place(name) or getattr(_op_of(it, result), "inplace", False)):
        return move(it, args[0], result)
    return result


def _in_place(name: str) -> bool:
    return name.startswith("Tensor.") and name.endswith("_") and not name.endswith("__")


def _op_of(it: Interpreter, value: TensorValue) -> Operation | None:
    index = value.edge.index
    return it.recorder.nodes[index].op if 0 <= index < len(it.recorder.nodes) else None


def move(it: Interpreter, target: TensorValue, result: TensorValue) -> TensorValue:
    """An in-place operation: ``target`` now holds ``result``."""
    it.memo.moved.append(target.birth)
    it.trail.touch(target)
    edge, old = result.edge, target.edge
    if edge.origin is Origin.CONSTANT and (old.origin is Origin.PARAMETER or old.name):
        # Changed outside a model, a parameter or buffer stays what it is.
        edge = replace(edge, origin=old.origin, name=old.name)
    target.edge, target.values, target.strides = edge, result.values, result.strides
    return target


def _unlisted(it: Interpreter, name: str, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """A function the table does not hold: its result is unknown, and listed as such."""
    why = it.unknown(f"{name} is not in the ops table", site)
    sources = tensors_of([*args, *kwargs.values()])
    if sources and it.recorder.running:
        it.note(why)
        return it.recorder.add(Opaque(name.rpartition(".")[2]), sources, None, None, site)
    return why


def ask(it: Interpreter, question: Ask, name: str, sources: list[TensorValue], site: Site) -> Value:
    """Put a question to the ops table and write the answer down."""
    try:
        result = question()
    except Refused as refused:
        if any(source.array for source in sources):
            return it.unknown("what numpy makes of an array", site)
        return refusal(it, refused, name, sources, site)
    except Unclear as unclear:
        it.note(it.unknown(str(unclear), site))
        if not sources:
            return it.unknown(str(unclear), site)
        return it.recorder.add(Opaque(name), sources, None, None, site)
    value = _written(it, result, sources, site)
    if isinstance(value, TensorValue) and name not in _NO_ARRAYS and any(source.array for source in sources):
        value.array = True
    return value


def refusal(it: Interpreter, refused: Refused, name: str, sources: list[TensorValue], site: Site) -> Value:
    """Torch raises here: for the program to catch, or for us to report."""
    if it.stops:
        raise Raised.by_torch(refused.problem, name) from None
    recorder = it.recorder
    index = len(recorder.nodes) if recorder.running else None
    result = refused.result or Result(TensorSpec(None), Opaque(name))
    value = _written(it, result, sources, site, refused)
    written = index if index is not None and index < len(recorder.nodes) else None
    recorder.fail(refused.problem, site, name, recorder.module, written)
    return value


def _written(
    it: Interpreter, result: Result, sources: list[TensorValue], site: Site, refused: Refused | None = None
) -> Value:
    specs = _specs(result.output)
    if result.op is None or not specs:
        made = [TensorValue(Tensor(spec.shape, spec.dtype), spec.values) for spec in specs]
    else:
        problem = refused.problem if refused else None
        made = it.recorder.record(result.op, sources, specs, site, result.macs, problem)
        if it.recorder.running and _hides_a_size(specs) and not _hides_a_size(sources):
            it.note(it.unknown("a size depends on the values of a tensor", site))
    return _rebuild(it, result.output, iter(made), site)


def _hides_a_size(tensors: Sequence[TensorLike]) -> bool:
    """Whether a tensor has a size that has no name."""
    return any(isinstance(size, Sym) and not is_known(size) for tensor in tensors for size in tensor.shape or ())


def _specs(output: Any) -> list[TensorSpec]:
    if isinstance(output, TensorSpec):
        known = output.shape is None or len(output.shape) <= MAX_RANK
        return [output if known else replace(output, shape=None, values=None)]
    if isinstance(output, list | tuple):
        return [spec for item in output for spec in _specs(item)]
    if isinstance(output, dict):
        return [spec for item in output.values() for spec in _specs(item)]
    return []


@cache
def _return_type(fields: tuple[str, ...]) -> Class:
    """The class of the named tuples with these fields that torch's functions return."""
    return make_namedtuple("return_type", list(fields), [], None)


def _rebuild(it: Interpreter, output: Any, tensors: Any, site: Site) -> Value:
    if isinstance(output, TensorSpec):
        return next(tensors)
    if isinstance(output, TorchSize):
        return output
    if isinstance(output, tuple):
        items = [_rebuild(it, item, tensors, site) for item in output]
        fields = getattr(type(output), "_fields", None)
        return tuple(items) if fields is None else NamedTuple.make(_return_type(fields), items)
    if isinstance(output, list):
        return [_rebuild(it, item, tensors, site) for item in output]
    if isinstance(output, dict):
        return {key: _rebuild(it, item, tensors, site) for key, item in output.items()}
    return from_op(it, output, "a value torch computes", site)


def call_external(it: Interpreter, callee: External, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
    """A function of a library that is not read. What it is handed may be changed by it."""
    if it.script is not None:
        found = it.script.call_external(it, callee, args, kwargs, site)
        if found is not MISSING:
            return found
    if it.live:
        from cnnlint.static.library.live import LIVE

        if callee.path in LIVE:
            return LIVE[callee.path](it, args, kwargs, site)
    why = it.unknown(f"{callee.path} is not read", site)
    for arg in args:
        if isinstance(arg, list | dict | set) and not isinstance(arg, str):
            it.make_hazy(arg, why)
    it.recorder.handed([*args, *kwargs.values()])
    if callee.path.startswith("torch.cuda."):
        note_device(it, callee.path, [callee, *args], kwargs, site)
    sources = tensors_of([*args, *kwargs.values()])
    if it.recorder.running and (sources or any(isinstance(arg, ModuleInstance) for arg in args)):
        it.note(why)
    return UnknownObject(why.reason, site) if callee.path.rpartition(".")[2][:1].isupper() else why
