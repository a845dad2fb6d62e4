"""What happens while a model is built and run, written down as it happens; becomes a ModelGraph at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from cnnlint.graph.dims import Dim, Shape
from cnnlint.graph.model import Origin, Problem, Tensor
from cnnlint.graph.model import Value as Returned
from cnnlint.graph.operations import Operation
from cnnlint.ops.spec import TensorSpec
from cnnlint.static.signals import Exhausted
from cnnlint.static.values import Class, Instance, ModuleInstance, Site, TensorValue, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

MAX_NODES = 25_000
MAX_CALLS = 100_000

Unknowns: TypeAlias = dict[tuple[str, Site | None], Unknown]


@dataclass(slots=True)
class NodeRecord:
    op: Operation
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    module: ModuleInstance
    site: Site
    macs: Mapping[str, Dim]
    certain: bool
    problem: Problem | None
    grad: bool = True


@dataclass(slots=True)
class CallRecord:
    """A module's call; ``inputs`` and ``output`` are edges as they stood then, whatever in-place operations follow."""

    module: ModuleInstance
    inputs: tuple[Tensor, ...]
    site: Site
    start: int
    parent: int
    certain: bool
    output: Returned = None
    stop: int = -1


@dataclass(slots=True)
class FailureRecord:
    problem: Problem
    site: Site
    type: str
    module: ModuleInstance | None
    node: int | None
    certain: bool
    depth: int
    """How many calls were running."""
    other: Site | None = None


@dataclass(slots=True)
class Example:
    """A call of a model that the program itself makes outside any model: ``model(torch.randn(1, 3, 32, 32))``."""

    module: ModuleInstance
    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    site: Site


@dataclass
class Recorder:
    """The record of one evaluation. Nodes are written only while a model's forward runs (``running``)."""

    interpreter: Interpreter | None = None
    nodes: list[NodeRecord] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    failures: list[FailureRecord] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    built: dict[Class, ModuleInstance] = field(default_factory=dict)
    """The classes that were instantiated, each with its last instance."""
    assignments: dict[tuple[int, str], Site] = field(default_factory=dict)
    reads: set[tuple[int, str]] = field(default_factory=set)
    read_dynamically: set[int] = field(default_factory=set)
    overwritten: list[tuple[ModuleInstance, str, Value, Site, Site]] = field(default_factory=list)
    made_in_forward: list[tuple[Value, Site]] = field(default_factory=list)
    devices: list[tuple[str, str, bool, str, Site]] = field(default_factory=list)
    assumed_rank: bool = False
    """Whether an input was given a number of axes that its layer does not insist on."""
    initialising: list[ModuleInstance] = field(default_factory=list)
    """The modules that are being initialised, the outermost first."""
    doubts: dict[int, tuple[ModuleInstance, Unknowns]] = field(default_factory=dict)
    """What was not known while a module was initialised, by the module's identity."""
    running: bool = False
    stack: list[int] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)

    @property
    def site(self) -> Site:
        """The call that the running function was called by."""
        return self.sites[-1]

    @contextmanager
    def inside(self, site: Site) -> Iterator[None]:
        self.sites.append(site)
        try:
            yield
        finally:
            self.sites.pop()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Inside, a model runs that the code of a script calls: what it does adds to the record."""
        self.running = True
        try:
            yield
        finally:
            self.running = False

    # ---- building ---------------------------------------------------------------------------------------------

    def doubts_about(self, module: ModuleInstance) -> Unknowns:
        """What was not known while ``module`` was initialised, to add to."""
        return self.doubts.setdefault(id(module), (module, {}))[1]

    def building(self, module: ModuleInstance) -> None:
        """A module is about to be initialised."""
        self.built[module.cls] = module
        if self.running and module.built_at is not None:
            self.made_in_forward.append((module, module.built_at))

    def assigned(self, module: ModuleInstance, name: str, value: Value, site: Site) -> None:
        """An attribute of a module is set: remember where, and what was lost unread."""
        key = (id(module), name)
        old = module.modules.get(name)
        first = self.assignments.get(key)
        lost = isinstance(old, ModuleInstance) and isinstance(value, ModuleInstance) and old is not value
        certain = self.interpreter is None or self.interpreter.certain
        if lost and first is not None and first != site and key not in self.reads and certain:
            self.overwritten.append((module, name, old, first, site))
        self.assignments[key] = site
        self.reads.discard(key)

    def read(self, module: ModuleInstance, name: str) -> None:
        """An attribute of a module is read."""
        self.reads.add((id(module), name))

    def read_any(self, module: ModuleInstance) -> None:
        """Attributes of a module are read by computed name, or its children are walked."""
        self.read_dynamically.add(id(module))

    def handed(self, values: Sequence[Value]) -> None:
        """Values are given to something that is not read, which may read all of them."""
        for value in values:
            if isinstance(value, ModuleInstance) and id(value) not in self.read_dynamically:
                self.read_any(value)
                self.handed(list(value.modules.values()))

    def device(self, text: str, call: str, tensor: str, site: Site) -> None:
        """A device is named; ``tensor`` is an argument whose device could be meant."""
        self.devices.append((text, call, self.running, tensor, site))

    def fail(self, problem: Problem, site: Site, kind: str, module: ModuleInstance | None, node: int | None) -> None:
        """Torch refuses a construction or a call."""
        it = self.interpreter
        certain = it is None or it.certain
        self.failures.append(FailureRecord(problem, site, kind, module, node, certain, len(self.sites)))

    # ---- running ------------------------------------------------------------------------------------------------

    def begin_call(self, module: ModuleInstance, inputs: Sequence[Value], site: Site) -> CallRecord:
        """A module is called; :meth:`end_call` must follow its forward."""
        parent = self.stack[-1] if self.stack else -1
        certain = self.interpreter is None or self.interpreter.certain
        edges = tuple(tensor.edge for value in inputs for tensor in tensors_of(value))
        record = CallRecord(module, edges, site, len(self.nodes), parent, certain)
        if self.running:
            self.make_room(calls=1)
            self.stack.append(len(self.calls))
            self.calls.append(record)
        return record

    def make_room(self, *, nodes: int = 0, calls: int = 0) -> None:
        """More operations and calls are about to be written. Raises :class:`~cnnlint.static.signals.Exhausted`."""
        if len(self.nodes) + nodes > MAX_NODES:
            raise Exhausted(f"evaluation was stopped: the model has more than {MAX_NODES:,} operations")
        if len(self.calls) + calls > MAX_CALLS:
            raise Exhausted(f"evaluation was stopped: the model calls more than {MAX_CALLS:,} modules")

    def end_call(self, record: CallRecord, output: Value) -> None:
        record.stop = len(self.nodes)
        record.output = returned(output)
        if self.running:
            self.stack.pop()

    @property
    def module(self) -> ModuleInstance | None:
        """The module whose forward is running."""
        return self.calls[self.stack[-1]].module if self.stack else None

    def record(
        self,
        op: Operation,
        inputs: Sequence[TensorValue],
        specs: Sequence[TensorSpec],
        site: Site,
        macs: Mapping[str, Dim],
        problem: Problem | None = None,
    ) -> list[TensorValue]:
        """Write down one operation and return its output tensors."""
        module = self.module
        if not self.running or module is None:
            return [TensorValue(Tensor(spec.shape, spec.dtype), spec.values) for spec in specs]
        self.make_room(nodes=1)
        index = len(self.nodes)
        edges = tuple(Tensor(spec.shape, spec.dtype, Origin.NODE, index) for spec in specs)
        it = self.interpreter
        sources = tuple(value.edge for value in inputs)
        self.nodes.append(
            NodeRecord(op, sources, edges, module, site, macs, it is None or it.certain, problem, it is None or it.grad)
        )  # fmt: skip
        return [TensorValue(edge, spec.values) for edge, spec in zip(edges, specs, strict=True)]

    def add(
        self, op: Operation, inputs: Sequence[TensorValue], shape: Shape | None, dtype: str | None, site: Site
    ) -> TensorValue:
        """Write down one operation with one output."""
        return self.record(op, inputs, [TensorSpec(shape, dtype)], site, {})[0]

    def begin(self) -> None:
        """Forget the last run; a new one starts."""
        self.nodes, self.calls, self.stack = [], [], []
        self.reads, self.read_dynamically, self.made_in_forward = set(), set(), []
        self.failures = [failure for failure in self.failures if failure.node is None]
        self.running = True

    def end(self) -> None:
        self.running = False
        self.stack.clear()


def tensors_of(value: Any) -> list[TensorValue]:
    """The tensors inside an argument: itself, or in lists, tuples and dicts."""
    if isinstance(value, TensorValue):
        return [value]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in tensors_of(item)]
    if isinstance(value, dict):
        return [tensor for item in value.values() for tensor in tensors_of(item)]
    return []


def returned(value: Value) -> Returned:
    """A returned value with tensors as edges; what is no tensor or collection of them is ``None``."""
    match value:
        case TensorValue():
            return value.edge
        case tuple() | list():
            return tuple(returned(item) for item in value)
        case dict():
            return {str(key): returned(item) for key, item in value.items()}
        case Instance(payload=dict() as table) if not isinstance(value, ModuleInstance):
            return {str(key): returned(item) for key, item in table.items()}
        case Instance() if value.cls.has("dataclass"):
            return {name: returned(item) for name, item in value.attrs.items()}
        case Unknown():
            return Tensor(None, None, Origin.CONSTANT)
        case _:
            return None
