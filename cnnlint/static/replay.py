"""Forward passes of equal blocks on equal shapes: evaluated once, then repeated from the record.

A call of a module is keyed by the module's signature and its inputs' shapes. If its evaluation touched nothing but
itself, its nodes and inner calls are kept as a recording whose edges are relative; a later call with the same key adds
them again for its own modules and inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlint.graph.model import Origin, Tensor
from cnnlint.graph.model import Value as Returned
from cnnlint.static.memo import Mark, alone, mark
from cnnlint.static.modules import named_modules
from cnnlint.static.recorder import CallRecord, NodeRecord
from cnnlint.static.signature import Unsignable, signature, tensor_token
from cnnlint.static.values import Instance, ModuleInstance, NamedTuple, Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Recording:
    """One call's nodes, inner calls and result, with the tensors and modules they refer to."""

    modules: tuple[ModuleInstance, ...]
    inputs: tuple[Tensor, ...]
    parameters: tuple[Tensor, ...]
    nodes: tuple[NodeRecord, ...]
    calls: tuple[CallRecord, ...]
    first_node: int
    first_call: int
    result: Value
    reads: tuple[tuple[int, str], ...]
    walked: tuple[int, ...]
    site: Site
    """Where the call stood: what a container's layers are called by."""


def replayed(
    it: Interpreter, module: ModuleInstance, args: list[Value], kwargs: dict[str, Value], evaluate: Callable[[], Value]
) -> Value:
    """What a module's call returns: from a recording if there is one, else from ``evaluate``."""
    key = _key(it, module, args, kwargs)
    if key is None:
        return evaluate()
    found = it.memo.forwards.get(key)
    if found is not None:
        return _play(it, found, module, _inputs(args))
    start = mark(it)
    first_call = len(it.recorder.calls)
    edges = tuple(value.edge for value in _inputs(args))
    result = evaluate()
    unchanged = all(value.edge is edge for value, edge in zip(_inputs(args), edges, strict=True))
    if unchanged and _plain(result) and alone(it, start) and _key(it, module, args, kwargs) == key:
        recording = _record(it, module, edges, start, first_call, result)
        if recording is not None:
            it.memo.forwards[key] = recording
    return result


def _inputs(args: list[Value]) -> list[TensorValue]:
    return [value for value in args if isinstance(value, TensorValue)]


def _key(it: Interpreter, module: ModuleInstance, args: list[Value], kwargs: dict[str, Value]) -> Hashable | None:
    """The key of a call, if it can be repeated at all."""
    if kwargs or module.spec is not None or not it.certain or it.trail.open or it.guarded:
        return None
    given = [value for value in args if value is not module]
    if (
        not module.modules
        or not given
        or not all(isinstance(value, TensorValue) and value.edge.shape is not None for value in given)
    ):
        return None
    try:
        own = signature(it, module)
        shapes = tuple(tensor_token(value) for value in given)
    except (Unsignable, RecursionError):
        return None
    first = {id(value.edge): position for position, value in reversed(list(enumerate(given)))}
    return own, shapes, tuple(first[id(value.edge)] for value in given), it.training, it.grad


def _plain(result: Value) -> bool:
    """Whether a result can be made again with other tensors in it."""
    match result:
        case TensorValue() | int() | float() | str() | None:
            return True
        case NamedTuple() | tuple() | list():
            return all(map(_plain, result))
        case dict():
            return all(map(_plain, result.values()))
        case Instance():
            return False
        case _:
            return False


def _record(
    it: Interpreter, module: ModuleInstance, edges: tuple[Tensor, ...], start: Mark, first_call: int, result: Value
) -> Recording | None:
    recorder = it.recorder
    modules = tuple(child for _, child in named_modules(it, module))
    known = {id(child) for child in modules}
    nodes, calls = tuple(recorder.nodes[start.nodes :]), tuple(recorder.calls[first_call:])
    if any(id(node.module) not in known for node in nodes) or any(id(call.module) not in known for call in calls):
        return None
    positions = {id(child): position for position, child in enumerate(modules)}
    reads = tuple((positions[owner], name) for owner, name in recorder.reads if owner in positions)
    walked = tuple(positions[owner] for owner in recorder.read_dynamically if owner in positions)
    return Recording(
        modules, edges, tuple(_parameters(modules)), nodes, calls, start.nodes, first_call, _remade(result, {}), reads,
        walked, recorder.site,
    )  # fmt: skip


def _parameters(modules: tuple[ModuleInstance, ...]) -> list[Tensor]:
    """The edges of all parameters, buffers and tensor attributes, in a fixed order."""
    return [
        value.edge
        for module in modules
        for table in (module.params, module.buffers, module.attrs)
        for value in table.values()
        if isinstance(value, TensorValue)
    ]


def _play(it: Interpreter, recording: Recording, module: ModuleInstance, inputs: list[TensorValue]) -> Value:
    """Add a recording again, for ``module`` and its inputs."""
    recorder = it.recorder
    modules = tuple(child for _, child in named_modules(it, module))
    own = dict(zip(map(id, recording.modules), modules, strict=True))
    edges: dict[int, Tensor] = dict(zip(map(id, recording.parameters), _parameters(modules), strict=True))
    edges.update(zip(map(id, recording.inputs), (value.edge for value in inputs), strict=True))
    recorder.make_room(nodes=len(recording.nodes), calls=len(recording.calls))
    it.spend(len(recording.nodes))
    shift = len(recorder.nodes) - recording.first_node
    for record in recording.nodes:
        recorder.nodes.append(_played_node(record, own, edges, shift, _place(it, recording, record.site)))
    _play_calls(it, recording, own, edges, shift)
    recorder.reads.update((id(modules[position]), name) for position, name in recording.reads)
    recorder.read_dynamically.update(id(modules[position]) for position in recording.walked)
    return _remade(recording.result, edges)


def _place(it: Interpreter, recording: Recording, site: Site) -> Site:
    """Where something recorded happens this time."""
    return it.recorder.site if site == recording.site else site


def _played_node(
    record: NodeRecord, own: Mapping[int, ModuleInstance], edges: dict[int, Tensor], shift: int, site: Site
) -> NodeRecord:
    outputs = []
    for old in record.outputs:
        new = Tensor(old.shape, old.dtype, Origin.NODE, old.index + shift, old.name)
        edges[id(old)] = new
        outputs.append(new)
    return NodeRecord(
        record.op, tuple(edges.get(id(old), old) for old in record.inputs), tuple(outputs), own[id(record.module)],
        site, record.macs, record.certain, record.problem, record.grad,
    )  # fmt: skip


def _play_calls(
    it: Interpreter, recording: Recording, own: Mapping[int, ModuleInstance], edges: Mapping[int, Tensor], shift: int
) -> None:
    calls = it.recorder.calls
    offset = len(calls) - recording.first_call
    here = it.recorder.stack[-1]
    for old in recording.calls:
        parent = old.parent + offset if old.parent >= recording.first_call else here
        calls.append(
            CallRecord(
                own[id(old.module)], tuple(edges.get(id(edge), edge) for edge in old.inputs),
                _place(it, recording, old.site), old.start + shift, parent, old.certain,
                _mapped(old.output, edges), old.stop + shift,
            )
        )  # fmt: skip


def _mapped(value: Returned, edges: Mapping[int, Tensor]) -> Returned:
    if isinstance(value, Tensor):
        return edges.get(id(value), value)
    if isinstance(value, tuple):
        return tuple(_mapped(item, edges) for item in value)
    if isinstance(value, Mapping):
        return {name: _mapped(item, edges) for name, item in value.items()}
    return value


def _remade(result: Value, edges: Mapping[int, Tensor]) -> Value:
    match result:
        case TensorValue():
            return TensorValue(edges.get(id(result.edge), result.edge), result.values)
        case NamedTuple():
            return NamedTuple.make(result.cls, [_remade(item, edges) for item in result])
        case tuple():
            return type(result)(_remade(item, edges) for item in result)
        case list():
            return [_remade(item, edges) for item in result]
        case dict():
            return {key: _remade(item, edges) for key, item in result.items()}
        case _:
            return result
