"""From the record of an evaluation to a frozen ModelGraph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnnlint.graph.model import Call, Evidence, Failure, ModelGraph, Module, Node, Parameter, Tensor, Unknown
from cnnlint.graph.span import Span
from cnnlint.static.facts import collect_facts
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.literals import with_literals
from cnnlint.static.modules import named_modules
from cnnlint.static.recorder import Recorder, returned
from cnnlint.static.signals import Raised
from cnnlint.static.values import ModuleInstance, Site, TensorValue
from cnnlint.static.values import Unknown as UnknownValue
from cnnlint.static.values import Value as Evaluated


def assemble(
    it: Interpreter,
    root: ModuleInstance,
    *,
    target: str,
    span: Span,
    inputs: tuple[Tensor, ...],
    evidence: Evidence,
    output: Evaluated,
) -> ModelGraph:
    """The graph of the model ``root`` as it was last run."""
    recorder = it.recorder
    modules, by_id = _modules(it, root)
    if it.hidden_parameters:
        # What was called without being known may hold parameters: no total can be given.
        modules[""] = by_id[id(root)] = replace(modules[""], parameters=(*modules[""].parameters, Parameter("?", None)))
    nodes = _nodes(recorder, by_id)
    return ModelGraph(
        target=target,
        name=root.cls.name,
        span=span,
        modules=modules,
        inputs=inputs,
        evidence=evidence,
        output=returned(output),
        nodes=nodes,
        calls=_calls(recorder, by_id),
        failures=_failures(recorder, by_id, nodes),
        unknowns=tuple(Unknown(u.reason, _span(u.site), u.noted) for u in _unknowns(it, root)),
        facts=collect_facts(it, root),
    )


def assemble_broken(it: Interpreter, target: str, name: str, span: Span, raised: Raised) -> ModelGraph:
    """The graph of a model that cannot be built: no modules but its root, and why."""
    problem = raised.as_problem()
    failures = list(_failures(it.recorder, {}, ()))
    if raised.site is not None and raised.certain:
        failures.append(Failure(problem, raised.site.span, raised.name, ""))
    why = Unknown(f"building it raises {raised.name}: {raised.text}", _span(raised.site))
    root = Module("", name, name, (Parameter("?", None),), (), span, False)
    return ModelGraph(target, name, span, {"": root}, failures=tuple(failures), unknowns=(why,))


def _unknowns(it: Interpreter, root: ModuleInstance) -> Iterable[UnknownValue]:
    """What was not known while the model's modules were built, and since."""
    doubts = it.recorder.doubts
    building = [doubts[id(module)][1] for _, module in named_modules(it, root) if id(module) in doubts]
    return {key: why for table in (*building, it.unknowns) for key, why in table.items()}.values()


def _span(site: Site | None) -> Span | None:
    return site.span if site is not None else None


def _modules(it: Interpreter, root: ModuleInstance) -> tuple[dict[str, Module], dict[int, Module]]:
    """Modules by qualified name and by the identity of their instance."""
    modules: dict[str, Module] = {}
    by_id: dict[int, Module] = {}
    seen: set[int] = set()
    for name, instance in named_modules(it, root):
        by_id[id(instance)] = modules[name] = _module(it, name, instance, seen)
    return modules, by_id


def _module(it: Interpreter, name: str, instance: ModuleInstance, seen: set[int]) -> Module:
    prefix = f"{name}." if name else ""
    _note_unknown_parts(it, instance)
    return Module(
        name=name,
        type=instance.cls.name,
        path=instance.cls.path,
        parameters=_parameters(instance, seen),
        children=tuple(f"{prefix}{key}" for key, child in instance.modules.items() if child is not None),
        built_at=_span(instance.built_at),
        builtin=instance.cls.statement is None and instance.cls.env is None,
        training=instance.training,
    )


def _note_unknown_parts(it: Interpreter, instance: ModuleInstance) -> None:
    for table in (instance.modules, instance.params):
        haze = it.haze(table)
        if haze is not None:
            it.note(haze)
        for value in table.values():
            if isinstance(value, UnknownValue):
                it.note(value)


def _parameters(instance: ModuleInstance, seen: set[int]) -> tuple[Parameter, ...]:
    """The module's own parameters; one that several modules share belongs to the first."""
    found: list[Parameter] = []
    for name, value in instance.params.items():
        if isinstance(value, TensorValue) and id(value) not in seen:
            seen.add(id(value))
            found.append(Parameter(_registered(instance, name), value.shape, value.trainable is not False))
        elif isinstance(value, UnknownValue):
            found.append(Parameter(name, None))
    found += [Parameter(name, None) for name, child in instance.modules.items() if isinstance(child, UnknownValue)]
    return tuple(found)


def _registered(instance: ModuleInstance, name: str) -> str:
    """The name of a parameter in ``parameters()``: a weight that weight norm or spectral norm computes has another."""
    if name == "weight" and "weight_g" in instance.params:
        return "weight_v"
    return "weight_orig" if name == "weight" and "weight_u" in instance.buffers else name


def _outside(instance: ModuleInstance) -> Module:
    """A module that is called but not registered below the root."""
    children = tuple(key for key, child in instance.modules.items() if child is not None)
    parameters = _parameters(instance, set())
    return Module("", instance.cls.name, instance.cls.path, parameters, children, _span(instance.built_at), True)


def _owner(instance: ModuleInstance, by_id: dict[int, Module]) -> Module:
    if id(instance) not in by_id:
        by_id[id(instance)] = _outside(instance)
    return by_id[id(instance)]


def _nodes(recorder: Recorder, by_id: dict[int, Module]) -> tuple[Node, ...]:
    spans: dict[Site, Span] = {}
    return tuple(
        Node(
            index, with_literals(record.op, record.site), record.inputs, record.outputs, _owner(record.module, by_id),
            _cached(record.site, spans), record.macs, record.certain, record.problem, record.grad,
        )
        for index, record in enumerate(recorder.nodes)
    )  # fmt: skip


def _cached(site: Site, spans: dict[Site, Span]) -> Span:
    span = spans.get(site)
    if span is None:
        span = spans[site] = site.span
    return span


def _calls(recorder: Recorder, by_id: dict[int, Module]) -> tuple[Call, ...]:
    spans: dict[Site, Span] = {}
    return tuple(
        Call(
            index, _owner(record.module, by_id), record.inputs, record.output, _cached(record.site, spans),
            record.start, record.stop, record.parent, record.certain,
        )
        for index, record in enumerate(recorder.calls)
    )  # fmt: skip


def _failures(recorder: Recorder, by_id: dict[int, Module], nodes: tuple[Node, ...]) -> tuple[Failure, ...]:
    found = []
    for record in recorder.failures:
        owner = by_id.get(id(record.module)) if record.module is not None else None
        node = nodes[record.node] if record.node is not None and record.node < len(nodes) else None
        name = owner.name if owner is not None else ""
        place, other = record.site.span, _span(record.other)
        found.append(Failure(record.problem, place, record.type, name, node, record.certain, other))
    return tuple(found)
