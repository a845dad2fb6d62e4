"""From the worker's facts to the graph that rules and comparisons read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnlint.graph.facts import Facts
from cnnlint.graph.model import Call, ModelGraph, Module, Node, Origin, Parameter, Tensor
from cnnlint.graph.operations import Identity, Operation
from cnnlint.ops.spec import TensorSpec
from cnnlint.trace.decoding import decode, decode_output, edges_in, span_of
from cnnlint.trace.measured_facts import facts_of
from cnnlint.trace.operations import function_operation, layer_operation, operator_macs

Event = Mapping[str, Any]

_ORIGINS = {
    "node": Origin.NODE, "input": Origin.INPUT, "parameter": Origin.PARAMETER, "constant": Origin.CONSTANT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """fvcore's multiply-adds. ``by_operator`` and ``by_module`` hold what it counts; ``uncounted`` the operators it
    does not know, with the number of their calls; ``uncalled`` the modules that leave no trace in what is returned."""

    by_operator: Mapping[str, int]
    by_module: Mapping[str, Mapping[str, int]]
    uncounted: Mapping[str, int]
    uncalled: tuple[str, ...]
    beside: frozenset[str]
    """Operators among them that are no products: norms, upsampling, adaptive pooling."""

    @property
    def products(self) -> Mapping[str, int]:
        """Convolutions, linear layers and matrix products alone."""
        return {name: amount for name, amount in self.by_operator.items() if name not in self.beside}


@dataclass(frozen=True)
class Traced:
    """What one traced run found. ``device`` is the one it ran on, ``macs`` torch's own count of multiply-adds.
    ``dead`` are modules that were called but whose results are not used; ``without_gradient`` names the trained
    parameters that a backward pass did not reach, where one was asked for."""

    graph: ModelGraph
    device: str
    macs: int
    counts: Counts | None
    notes: tuple[str, ...] = ()
    uncalled: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    without_gradient: tuple[str, ...] | None = None


def graph_of(facts: Mapping[str, Any], static: ModelGraph) -> Traced:
    """The traced counterpart of ``static``, from which it takes what only a reader of source knows: what the model
    is called, where it is defined, and what its inputs stand on."""
    building = _Building(facts, static)
    building.run()
    graph = building.graph()
    counts = _counts(facts.get("fvcore"))
    called = {call.module.name for call in graph.calls}
    # Identity leaves no trace in what fvcore sees, used or not.
    work = {node.module.name for node in graph.nodes if not isinstance(node.op, Identity)}
    missed = [name for name in counts.uncalled if name in work] if counts else []
    gradient = facts.get("without_gradient")
    return Traced(
        graph=graph,
        device=facts["device"],
        macs=facts["flops"],
        counts=counts,
        notes=tuple(text + _place(at) for text, at in facts.get("notes", ())),
        uncalled=_uncalled(graph, called),
        dead=tuple(name for name in missed if name in called and graph.modules[name].leaf),
        without_gradient=None if gradient is None else tuple(gradient),
    )


def _place(at: list[Any] | None) -> str:
    span = span_of(at)
    return f" (at {span.path}:{span.line})" if span else ""


def failed_layer(facts: Mapping[str, Any]) -> str | None:
    """The qualified name of the innermost module in whose call an exception arose."""
    number, events = facts.get("failed"), facts.get("events", ())
    while number is not None and number >= 0:
        event = events[number]
        if event["kind"] == "call":
            return event["module"] if isinstance(event["module"], str) else None
        number = event["parent"]
    return None


def _uncalled(graph: ModelGraph, called: set[str]) -> tuple[str, ...]:
    """The outermost modules that neither ran themselves nor hold one that ran. Containers that are only looked into
    (``nn.ModuleList``) are never called; what counts is what they hold."""
    read = {tensor.name for node in graph.nodes for tensor in node.inputs if tensor.origin is Origin.PARAMETER}
    used = {name for name in called if name}
    used |= {name.rpartition(".")[0] for name in read}
    alive = {".".join(name.split(".")[: i + 1]) for name in used for i in range(name.count(".") + 1)}
    dead = [name for name in graph.modules if name and name not in alive]
    return tuple(name for name in dead if name.rpartition(".")[0] not in dead)


def _counts(tables: Mapping[str, Any] | None) -> Counts | None:
    if tables is None:
        return None
    return Counts(
        tables["by_operator"], tables["by_module"], tables["uncounted"], tuple(tables["uncalled"]),
        frozenset(tables["beside"]),
    )  # fmt: skip


@dataclass
class _Building:
    """A graph while it is put together from events."""

    facts: Mapping[str, Any]
    static: ModelGraph
    modules: dict[str, Module] = field(default_factory=dict)
    layers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outside: list[Module] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    node_of: dict[int, int] = field(default_factory=dict)
    call_of: dict[int, int] = field(default_factory=dict)
    tensors: dict[int, Tensor] = field(default_factory=dict)

    def run(self) -> None:
        for facts in self.facts["modules"]:
            self.modules[facts["name"]] = _module(facts)
            self.layers[facts["name"]] = facts
        self.outside = [_module(facts) for facts in self.facts["outside"]]
        self._number_nodes()
        self._walk()

    def _number_nodes(self) -> None:
        """Decide which events are nodes: a torch layer is one, and hides the functions that it calls. What raised is
        none, since nothing came out of it."""
        count, number = 0, 0
        events = self.facts["events"]
        while number < len(events):
            event = events[number]
            made = any(True for _ in edges_in(event.get("output")))
            if made and (event["kind"] == "function" or self._is_layer(event)):
                stop = event.get("stop", number + 1)
                for hidden in range(number, stop):
                    self.node_of[hidden] = count
                count, number = count + 1, max(stop, number + 1)
            else:
                number += 1

    def _is_layer(self, event: Event) -> bool:
        return bool(self._facts_of(event["module"]).get("layer"))

    def _facts_of(self, name: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.layers[name] if isinstance(name, str) else self.facts["outside"][name]
        return found

    def _walk(self) -> None:
        events = self.facts["events"]
        for number, event in enumerate(events):
            hidden = number in self.node_of and self.node_of[number] < len(self.nodes)
            if event["kind"] == "call" and not hidden:
                self._call(number, event)
            if number in self.node_of and not hidden:
                self._node(number, event)
        for number, call in self.call_of.items():
            stop = events[number].get("stop", len(events))
            self.calls[call] = self._finished(self.calls[call], events[number], self._nodes_before(stop))

    def _nodes_before(self, number: int) -> int:
        """How many nodes the events before ``number`` make."""
        while number > 0:
            number -= 1
            if number in self.node_of:
                return self.node_of[number] + 1
        return 0

    def _call(self, number: int, event: Event) -> None:
        module = self._owner(event["module"])
        inputs = tuple(map(self._tensor, edges_in([event["args"], event["kwargs"]])))
        parent = self.call_of.get(event["parent"], -1)
        self.call_of[number] = len(self.calls)
        start = len(self.nodes)
        span = span_of(event["at"]) or self.static.span
        self.calls.append(Call(len(self.calls), module, inputs, None, span, start, start, parent))

    def _finished(self, call: Call, event: Event, stop: int) -> Call:
        output = decode_output(event.get("output"), self._tensor)
        return Call(
            call.index, call.module, call.inputs, output, call.span, call.start, max(stop, call.start), call.parent
        )

    def _node(self, number: int, event: Event) -> None:
        encoded = [event["args"], event["kwargs"]]
        inputs = tuple(map(self._tensor, edges_in(encoded)))
        outputs = tuple(map(self._tensor, edges_in(event.get("output"))))
        args, kwargs = (decode(part, self._spec) for part in encoded)
        if event["kind"] == "call":
            name, module = "", self._owner(event["module"])
            op = _layer_op(self._facts_of(event["module"]), args, kwargs)
        else:
            name = event["name"].rpartition(".")[2]
            parent = self.facts["events"][event["parent"]] if event["parent"] >= 0 else None
            module = self._owner(parent["module"]) if parent else self.modules[""]
            op = function_operation(event["name"], args, kwargs, bool(inputs))
        macs = operator_macs(name, op, event.get("macs") or {})
        span = span_of(event["at"]) or self.static.span
        self.nodes.append(Node(self.node_of[number], op, inputs, outputs, module, span, macs))

    def _owner(self, name: Any) -> Module:
        return self.modules[name] if isinstance(name, str) else self.outside[name]

    def _tensor(self, number: int) -> Tensor:
        if number not in self.tensors:
            shape, dtype, origin, of = self.facts["edges"][number]
            kind = _ORIGINS[origin]
            index, name = -1, ""
            if kind is Origin.NODE:
                index = self.node_of.get(of, -1)
                kind = kind if index >= 0 else Origin.CONSTANT
            elif kind is Origin.INPUT:
                index = of
                name = self.static.inputs[of].name if of < len(self.static.inputs) else ""
            elif kind is Origin.PARAMETER:
                name = of
            self.tensors[number] = Tensor(None if shape is None else tuple(shape), dtype, kind, index, name)
        return self.tensors[number]

    def _spec(self, number: int) -> TensorSpec:
        shape, dtype, *_ = self.facts["edges"][number]
        return TensorSpec(None if shape is None else tuple(shape), dtype)

    def graph(self) -> ModelGraph:
        inputs = [n for n, edge in enumerate(self.facts["edges"]) if edge[2] == "input"]
        return ModelGraph(
            target=self.static.target,
            name=self.facts["type"],
            span=self.static.span,
            modules=self.modules,
            inputs=tuple(map(self._tensor, inputs)),
            evidence=self.static.evidence,
            output=decode_output(self.facts["output"], self._tensor),
            nodes=tuple(self.nodes),
            calls=tuple(self.calls),
            facts=facts_of(self.facts, self.modules, self._uncalled(), self.static) if self.calls else Facts(),
        )

    def _uncalled(self) -> tuple[str, ...]:
        partial = ModelGraph(
            self.static.target, "", self.static.span, self.modules, nodes=tuple(self.nodes), calls=tuple(self.calls)
        )
        return _uncalled(partial, {call.module.name for call in self.calls})


def _module(facts: Mapping[str, Any]) -> Module:
    return Module(
        name=facts["name"],
        type=facts["type"],
        path=facts["path"],
        parameters=tuple(Parameter(name, tuple(shape), trained) for name, shape, trained in facts["parameters"]),
        children=tuple(facts["children"]),
        built_at=span_of(facts["built_at"]),
        builtin=facts["torch"],
        training=facts["training"],
    )


def _layer_op(facts: Mapping[str, Any], args: Any, kwargs: Any) -> Operation:
    attributes = {key: decode(value, lambda number: None) for key, value in facts["attributes"]}
    tensors = [(key, None if shape is None else tuple(shape), learned) for key, shape, learned in facts["tensors"]]
    return layer_operation(facts["layer"], attributes, tensors, args, kwargs)
