"""ModelGraph: what a reader found out about one network, and all that rules and reports may know.

Both readers fill it: the static one from source, the trace one from a running model. Everything here is frozen; a
question that several rules ask is a function in :mod:`cnnlint.graph.queries`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from cnnlint.graph.dims import Dim, Shape, product
from cnnlint.graph.facts import Facts
from cnnlint.graph.operations import Operation
from cnnlint.graph.sizes import SizeRange
from cnnlint.graph.span import Span


class Origin(StrEnum):
    """Where a tensor comes from."""

    NODE = "node"
    INPUT = "input"
    PARAMETER = "parameter"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """An edge of the graph. ``shape`` is ``None`` where not even the number of axes is known.

    ``index`` is the number of the node that made it (origin ``node``) or of the model input (origin ``input``);
    ``name`` is the parameter's or input's name."""

    shape: Shape | None
    dtype: str | None = None
    origin: Origin = Origin.CONSTANT
    index: int = -1
    name: str = ""


Value: TypeAlias = Tensor | tuple["Value", ...] | Mapping[str, "Value"] | None
"""What a module returns: a tensor, or tuples and mappings of them. Anything that is no tensor is ``None``."""


class ProblemKind(StrEnum):
    """Why torch refuses a construction or a call."""

    CHANNELS = "channels"  # a layer's channels or features are not its input's
    RANK = "rank"  # the number of axes is not accepted
    INDIVISIBLE = "indivisible"  # a count that must divide another does not
    OUTPUT_SIZE = "output-size"  # an output size would be zero or negative
    SAME_PADDING = "same-padding"  # padding='same' with a stride, or on a transposed convolution
    ARGUMENT = "argument"  # an argument's value is not accepted
    SIGNATURE = "signature"  # arguments missing, unknown or given twice
    BROADCAST = "broadcast"  # operands of an element-wise operation do not fit
    CONCATENATE = "concatenate"  # tensors to be joined differ off the axis
    RESHAPE = "reshape"  # the elements do not fit the new shape
    MATRIX = "matrix"  # inner sizes of a matrix product differ
    INDEX = "index"  # an axis or a position does not exist
    DTYPE = "dtype"  # the element type is not accepted
    CONTAINER = "container"  # a container is called or built wrongly
    ATTRIBUTE = "attribute"  # forward reads an attribute that nothing assigns; ``expected`` is the nearest name
    UNINITIALISED = "uninitialised"  # a module or parameter is assigned before ``super().__init__()``
    PYTHON = "python"  # the program itself raises: an attribute, a name, a key that does not exist


@dataclass(frozen=True, slots=True)
class Problem:
    """Why torch refuses, in our words: ``text`` continues "this call ...", no full stop.

    ``expected`` and ``got`` are the two sizes or shapes that disagree, where there are two; ``axis`` is where."""

    kind: ProblemKind
    text: str
    expected: Dim | Shape | str | None = None
    got: Dim | Shape | str | None = None
    axis: int | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One entry of ``parameters()``: its name below its module, shape, and whether it is trained."""

    name: str
    shape: Shape | None
    trainable: bool = True

    @property
    def count(self) -> Dim | None:
        return None if self.shape is None else product(self.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A module instance. ``name`` is its qualified name (``""`` for the root), ``type`` its class name, ``path`` the
    full name of the class (``torch.nn.Conv2d``), ``parameters`` its own without its children's.

    A module registered under two names stands once, under the first (as ``named_modules`` has it)."""

    name: str
    type: str
    path: str
    parameters: tuple[Parameter, ...]
    children: tuple[str, ...]
    built_at: Span | None
    builtin: bool
    """Whether torch defines the class (subclasses by the user are not builtin)."""
    training: bool = False

    @property
    def leaf(self) -> bool:
        """Without child modules; ``nn.MultiheadAttention`` is taken whole."""
        return not self.children


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operation, in execution order. ``module`` is the innermost module whose call it belongs to.

    ``macs`` counts multiply-adds under fvcore's operator names. ``certain`` is false inside a branch that may not be
    taken; ``grad`` is false where gradients are switched off (``torch.no_grad``); ``problem`` says why torch would
    raise here."""

    index: int
    op: Operation
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    module: Module
    span: Span
    macs: Mapping[str, Dim] = field(default_factory=dict)
    certain: bool = True
    problem: Problem | None = None
    grad: bool = True

    @property
    def output(self) -> Tensor:
        """The first output tensor."""
        return self.outputs[0]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of a module: its nodes are ``nodes[start:stop]`` of the graph. ``parent`` is the index of the
    enclosing call, -1 for the root's."""

    index: int
    module: Module
    inputs: tuple[Tensor, ...]
    output: Value
    span: Span
    start: int
    stop: int
    parent: int
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """Where torch raises: at a construction (``node`` is ``None``) or at a call."""

    problem: Problem
    span: Span
    type: str
    """The layer class or function that refuses: ``Conv2d``, ``cat``."""
    module: str
    """Qualified name of the module built or called, as far as it is known."""
    node: Node | None = None
    certain: bool = True
    other: Span | None = None
    """Where what should have come before is done: the late ``super().__init__()``."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something the reader could not find out, and where. ``at`` is how many nodes ran before it."""

    reason: str
    span: Span | None
    at: int = 0


class EvidenceKind(StrEnum):
    """What an input size stands on, best first."""

    OPTION = "option"
    CONFIGURATION = "configuration"
    COMMENT = "comment"
    EXAMPLE = "example"
    SOLVED = "solved"
    LAYERS = "layers"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Evidence:
    kind: EvidenceKind
    span: Span | None = None

    @property
    def gives_size(self) -> bool:
        """Whether height and width are known, so that rules marked (I) may speak."""
        return self.kind not in (EvidenceKind.LAYERS, EvidenceKind.NONE)


@dataclass(frozen=True, eq=False)
class ModelGraph:
    """One network as built by one call. ``modules`` is in registration order, ``nodes`` and ``calls`` in execution
    order."""

    target: str
    """What was read: ``resnet.py:resnet18()``."""
    name: str
    """Class name of the root module."""
    span: Span
    """Where the model's class or builder is defined."""
    modules: Mapping[str, Module]
    inputs: tuple[Tensor, ...] = ()
    evidence: Evidence = Evidence(EvidenceKind.NONE)
    output: Value = None
    nodes: tuple[Node, ...] = ()
    calls: tuple[Call, ...] = ()
    failures: tuple[Failure, ...] = ()
    unknowns: tuple[Unknown, ...] = ()
    facts: Facts = Facts()
    sizes: SizeRange | None = None
    """For which input sizes the forward pass works, where that was asked for."""

    @property
    def root(self) -> Module:
        return self.modules[""]

    @property
    def complete(self) -> bool:
        """Whether nothing was unknown."""
        return not self.unknowns

    @cached_property
    def parameters(self) -> Dim | None:
        """Total parameters; ``None`` if one of them has an unknown shape."""
        return _total(p for module in self.modules.values() for p in module.parameters)

    @cached_property
    def trainable_parameters(self) -> Dim | None:
        return _total(p for module in self.modules.values() for p in module.parameters if p.trainable)

    @cached_property
    def macs_by_op(self) -> Mapping[str, Dim]:
        """Multiply-adds by fvcore's operator name, over all nodes."""
        return sum_macs(self.nodes)

    @cached_property
    def consumers(self) -> Mapping[Tensor, tuple[Node, ...]]:
        """The nodes that read each tensor, in order."""
        found: dict[Tensor, list[Node]] = {}
        for node in self.nodes:
            for tensor in node.inputs:
                found.setdefault(tensor, []).append(node)
        return {tensor: tuple(nodes) for tensor, nodes in found.items()}

    @cached_property
    def layers_at(self) -> Mapping[Span, int]:
        """How many layers stand at each place in the source: are built there, or run an operation there."""
        found: dict[Span, set[str]] = {}
        for module in self.modules.values():
            if module.built_at is not None:
                found.setdefault(module.built_at, set()).add(module.name)
        for node in self.nodes:
            found.setdefault(node.span, set()).add(node.module.name)
        return {span: len(names) for span, names in found.items()}

    @cached_property
    def returned(self) -> frozenset[Tensor]:
        """The tensors that the model returns."""
        return frozenset(tensors_in(self.output))

    def producer(self, tensor: Tensor) -> Node | None:
        """The node that made ``tensor``; ``None`` for inputs, parameters and constants."""
        return self.nodes[tensor.index] if tensor.origin is Origin.NODE else None


def _total(parameters: Iterator[Parameter]) -> Dim | None:
    total: Dim = 0
    for parameter in parameters:
        count = parameter.count
        if count is None:
            return None
        total = total + count
    return total


def sum_macs(nodes: tuple[Node, ...]) -> dict[str, Dim]:
    """Multiply-adds of ``nodes`` by fvcore's operator name."""
    total: dict[str, Dim] = {}
    for node in nodes:
        for name, amount in node.macs.items():
            total[name] = total.get(name, 0) + amount
    return total


def tensors_in(value: Value) -> Iterator[Tensor]:
    """The tensors inside a returned value, depth first."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors_in(item)
