"""From the record of a script to a frozen ScriptView: parameters by name, groups by place, losses with their chains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.graph.dims import Dim
from cnnlint.graph.script import (
    Event,
    Group,
    GroupAdded,
    HeadReplaced,
    ModelRef,
    ModeSet,
    ModuleFlagSet,
    NormRef,
    OptimizerBuilt,
    OptimizerUsed,
    ParameterRef,
    RequiresGrad,
    ScriptView,
    Stepped,
)  # fmt: skip
from cnnlint.graph.span import Span
from cnnlint.static.losses import LossReader
from cnnlint.static.modules import named_modules
from cnnlint.static.pretrained import NORMS
from cnnlint.static.scriptlog import (
    FlagSet,
    GradSet,
    GroupGiven,
    GroupJoined,
    LossCalled,
    ModeChanged,
    OptimizerHanded,
    OptimizerMade,
    OptimizerStepped,
    PartReplaced,
    ScriptLog,
)  # fmt: skip
from cnnlint.static.values import Function, ModuleInstance, Site, TensorValue, Unknown, UnknownObject

if TYPE_CHECKING:
    from cnnlint.source.index import FileIndex
    from cnnlint.static.interpreter import Interpreter

_UNFREEZING = re.compile(r"requires_grad\s*=\s*(?!False)\w|requires_grad_\(\s*(?!False)|unfreeze|Finetuning")
_FIRST = frozenset({"Dropout", "ReLU", "Flatten", "Identity", "LayerNorm", "BatchNorm1d", "GELU", "Hardswish", "SiLU"})
"""Layers that may stand before the layer that decides what a head reads."""
_WIDTHS = {"Linear": "in_features", "Conv2d": "in_channels"}
_READ = ("torchvision.models.", "lightning.")
"""Classes that are known without their source."""


def make_view(it: Interpreter, index: FileIndex, start: int, complete: bool, symbolic_batch: bool) -> ScriptView | None:
    """The view of what was recorded; models made before instance ``start`` belong to another scope."""
    assert it.script is not None
    if not it.script.entries:
        return None
    maker = _Maker(it, it.script, index, start, LossReader(it, symbolic_batch))
    events = tuple(maker.events())
    done = {event.span.line for event in events if isinstance(event, RequiresGrad)}
    lines = (number for number, line in enumerate(index.text.lines, 1) if _UNFREEZING.search(line))
    return ScriptView(
        index.text.path, tuple(maker.models()), events, any(number not in done for number in lines), complete
    )  # fmt: skip


@dataclass
class _Maker:
    it: Interpreter
    log: ScriptLog
    index: FileIndex
    start: int
    losses: LossReader
    roots: list[ModuleInstance] = field(default_factory=list)
    paths: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By module: the number of its model, and its name there."""
    refs: dict[int, ParameterRef] = field(default_factory=dict)
    optimizers: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        removed = [entry for entry in self.log.entries if isinstance(entry, PartReplaced)]
        candidates = {**self.log.touched, **{id(m): m for m in self.it.recorder.built.values()}}
        below = {
            id(part) for module in candidates.values() for name, part in named_modules(self.it, module) if name
        } | {id(entry.old) for entry in removed}  # fmt: skip
        self.roots = sorted((m for m in candidates.values() if id(m) not in below), key=lambda m: m.birth)
        for number, root in enumerate(self.roots):
            self._place(root, number, "")
        for number, root in enumerate(self.roots):
            self._name(root, number, "")
        for entry in removed:
            if entry.old is not None and id(entry.owner) in self.paths:
                number, path = self.paths[id(entry.owner)]
                self._place(entry.old, number, _dotted(path, entry.name))
                self._name(entry.old, number, _dotted(path, entry.name))

    def _place(self, module: ModuleInstance, number: int, prefix: str) -> None:
        """Give parts to their model. What was taken from one network and put into another belongs to the second."""
        for path, part in named_modules(self.it, module, prefix):
            holder = self.paths.get(id(part))
            if holder is None or (holder[0] != number and self.roots[number].birth > part.birth):
                self.paths[id(part)] = (number, path)

    def _name(self, module: ModuleInstance, number: int, prefix: str) -> None:
        for path, part in named_modules(self.it, module, prefix):
            if self.paths[id(part)][0] != number:
                continue
            for key, parameter in part.params.items():
                if isinstance(parameter, TensorValue) and id(parameter) not in self.refs:
                    serial = len(self.refs)
                    self.refs[id(parameter)] = ParameterRef(serial, number, _dotted(path, key), _count(parameter))

    # ---- models -----------------------------------------------------------------------------------------------------

    def models(self) -> Iterator[ModelRef]:
        for number, root in enumerate(self.roots):
            if root.birth < self.start or not self._parameters(root):
                continue
            parts = [(name, part) for name, part in named_modules(self.it, root) if self.paths[id(part)][0] == number]
            yield ModelRef(
                number,
                self._architecture(root),
                self._pretrained(parts),
                self._complete(parts),
                self._parameters(root),
                tuple(name for name, child in root.modules.items() if child is not None),
                tuple(self._norms(parts)),
                any(self._keeps_mode(part) for _, part in parts),
                frozenset(ref.serial for part in self._made_later(parts) for ref in self._own(part)),
                root.built_at.span if isinstance(root.built_at, Site) else None,
            )

    def _architecture(self, root: ModuleInstance) -> str:
        known = self.log.architectures.get(id(root))
        return known.name if known is not None else root.cls.name

    def _pretrained(self, parts: list[tuple[str, ModuleInstance]]) -> bool | None:
        answers = [self.log.pretrained[id(part)] for _, part in parts if id(part) in self.log.pretrained]
        return True if True in answers else None if None in answers else False

    def _complete(self, parts: list[tuple[str, ModuleInstance]]) -> bool:
        for _, part in parts:
            unread = [cls for cls in part.cls.mro if "unresolved" in cls.traits and not cls.path.startswith(_READ)]
            children = (*part.modules.values(), *part.params.values())
            objects = any(isinstance(value, UnknownObject) for value in part.attrs.values())
            if id(part) in self.log.escaped or unread or objects or self.it.haze(part.modules):
                return False
            if any(isinstance(value, Unknown) for value in children):
                return False
        return True

    def _norms(self, parts: list[tuple[str, ModuleInstance]]) -> Iterator[NormRef]:
        for name, part in parts:
            own = frozenset(self.refs[id(p)].serial for p in part.params.values() if id(p) in self.refs)
            counted = part.attrs.get(NORMS, 0)
            tracked = part.attrs.get("track_running_stats") is True
            if counted or (part.cls.name.startswith(("BatchNorm", "SyncBatchNorm")) and own and tracked):
                yield NormRef(name, own, counted or 1)

    def _made_later(self, parts: list[tuple[str, ModuleInstance]]) -> Iterator[ModuleInstance]:
        """Parts younger than the network that they stand in."""
        for name, network in parts:
            finished = self.log.finished.get(id(network))
            if finished is not None:
                below = [part for path, part in parts if not name or path == name or path.startswith(f"{name}.")]
                yield from (part for part in below if part.birth > finished)

    def _own(self, part: ModuleInstance) -> list[ParameterRef]:
        return [self.refs[id(parameter)] for parameter in part.params.values() if id(parameter) in self.refs]

    def _keeps_mode(self, part: ModuleInstance) -> bool:
        from cnnlint.static.attributes import find_in_class

        return isinstance(find_in_class(self.it, part.cls, "train"), Function)

    def _parameters(self, module: ModuleInstance) -> tuple[ParameterRef, ...]:
        found = [
            self.refs[id(p)] for _, part in named_modules(self.it, module) for p in part.params.values()
            if id(p) in self.refs
        ]  # fmt: skip
        return tuple(dict.fromkeys(found))

    # ---- events -----------------------------------------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        for entry in self.log.entries:
            match entry:
                case GradSet():
                    if found := self._refs(entry.parameters):
                        yield RequiresGrad(found, entry.trainable, entry.site.span, entry.certain)
                case FlagSet():
                    yield from self._flag(entry)
                case PartReplaced():
                    yield from self._replaced(entry)
                case OptimizerMade():
                    self.optimizers[id(entry.optimizer)] = len(self.optimizers)
                    yield self._optimizer(entry)
                case GroupJoined() if id(entry.optimizer) in self.optimizers:
                    number = self.optimizers[id(entry.optimizer)]
                    group = self._group(entry.group, entry.site.span)
                    yield GroupAdded(number, group, entry.site.span, entry.certain)
                case OptimizerHanded() if id(entry.optimizer) in self.optimizers:
                    yield OptimizerUsed(self.optimizers[id(entry.optimizer)], entry.by, entry.site.span)
                case OptimizerStepped() if id(entry.optimizer) in self.optimizers:
                    yield Stepped(self.optimizers[id(entry.optimizer)], entry.site.span, entry.certain)
                case ModeChanged() if id(entry.module) in self.paths:
                    number, path = self.paths[id(entry.module)]
                    span = entry.site.span
                    # What a wrapper is called by does not lead to the model's parts.
                    receiver = self._receiver(span) if id(entry.module) not in self.log.wrapped else ""
                    yield ModeSet(number, path, entry.training, span, receiver, entry.certain)
                case LossCalled():
                    number = self.paths.get(id(entry.output.model), (-1, ""))[0]
                    yield from self.losses.applied(entry, number)

    def _refs(self, parameters: list[TensorValue]) -> tuple[ParameterRef, ...]:
        found = (self.refs[id(parameter)] for parameter in parameters if id(parameter) in self.refs)
        return tuple(ref for ref in found if self.roots[ref.model].birth >= self.start)

    def _flag(self, entry: FlagSet) -> Iterator[ModuleFlagSet]:
        if id(entry.module) not in self.paths:
            return
        number, path = self.paths[id(entry.module)]
        span, receiver = entry.site.span, self._receiver(entry.site.span)
        if receiver in ("", "self"):
            return
        line = self.index.text.lines[span.line - 1]
        rest = re.match(r"\s*=\s*(?:True|False)(?=\s*(?:#|$))", line[span.end_column - 1 :])
        end = span.end_column + (rest.end() if rest else 0)
        whole = Span(span.path, span.line, span.column, span.line, end) if rest else None
        parameters = [ref.count for ref in self._parameters(entry.module)]
        yield ModuleFlagSet(
            number, path, entry.module.cls.name, entry.value, _sum(parameters), span, receiver, whole, entry.certain
        )  # fmt: skip

    def _replaced(self, entry: PartReplaced) -> Iterator[HeadReplaced]:
        if id(entry.owner) not in self.paths:
            return
        number, path = self.paths[id(entry.owner)]
        if self.roots[number].birth < self.start:
            return
        yield HeadReplaced(
            number,
            path,
            entry.name,
            entry.new.cls.name,
            _reads(self.it, entry.new),
            _reads(self.it, entry.old) if entry.old is not None else None,
            entry.old is not None,
            entry.heads,
            self._parameters(entry.old) if entry.old is not None else (),
            self._parameters(entry.new),
            entry.site.span,
            entry.new.built_at.span if isinstance(entry.new.built_at, Site) and entry.new.spec is not None else None,
            self._known(entry.owner),
            self._called(entry.name),
            self._receiver(entry.site.span),
            entry.certain,
        )

    def _known(self, owner: ModuleInstance) -> str:
        """The architecture that a module is or belongs to, by the builder's name or its class's."""
        number, path = self.paths[id(owner)]
        for name, part in named_modules(self.it, self.roots[number]):
            if id(part) in self.log.architectures and (not name or path == name or path.startswith(f"{name}.")):
                return self.log.architectures[id(part)].name
        return ""

    def _receiver(self, span: Span) -> str:
        """``m`` of ``m.name`` or ``m.name(...)`` at ``span``, in this file and on one line; else nothing."""
        found = re.fullmatch(r"(.+?)\s*\.\s*\w+\s*(\(.*\))?", self._text(span))
        return found[1] if found else ""

    def _owner(self, parameters: Span | None) -> str:
        """``m`` of ``m.parameters()``."""
        plain = parameters is not None and re.fullmatch(r"[\w.\[\]]+\.parameters\(\)", self._text(parameters))
        return self._receiver(parameters) if parameters is not None and plain else ""

    def _text(self, span: Span) -> str:
        text = self.index.text
        if span.path != text.path or span.line != span.end_line:
            return ""
        return text.lines[span.line - 1][span.column - 1 : span.end_column - 1]

    def _called(self, name: str) -> bool:
        """Whether the file calls something of that name, as ``model.fc(x)``."""
        return re.search(rf"\.{re.escape(name)}\(", self.index.text.text) is not None

    # ---- optimizers -------------------------------------------------------------------------------------------------

    def _optimizer(self, entry: OptimizerMade) -> OptimizerBuilt:
        number, given = self.optimizers[id(entry.optimizer)], _written(entry)
        groups = tuple(
            replace(
                self._group(group, entry.site.span if element is None else element), receiver=self._owner(parameters)
            )
            for group, (element, parameters) in zip(entry.groups, given, strict=True)
        )
        return OptimizerBuilt(number, entry.type, entry.lr, groups, entry.single, entry.site.span, entry.certain)

    def _group(self, given: GroupGiven, span: Span) -> Group:
        found = self._refs(given.parameters)
        return Group(found, given.lr, given.known and len(found) == len(given.parameters), span)


def _written(entry: OptimizerMade) -> list[tuple[Span | None, Span | None]]:
    """For each group where it stands and where its parameters do, if the call lists them."""
    node, span = entry.site.node, entry.site.statement.span
    first = node.args[0].value if isinstance(node, cst.Call) and node.args else None
    if entry.single:
        return [(None, span(first) if first is not None else None)]
    if not isinstance(first, cst.List) or len(first.elements) != len(entry.groups):
        return [(None, None)] * len(entry.groups)
    return [(span(element.value), _parameters_in(element.value, span)) for element in first.elements]


def _parameters_in(group: cst.BaseExpression, span: Callable[[cst.CSTNode], Span]) -> Span | None:
    """Where the value of ``"params"`` stands in a dictionary."""
    for element in group.elements if isinstance(group, cst.Dict) else ():
        key = element.key if isinstance(element, cst.DictElement) else None
        if isinstance(key, cst.SimpleString) and key.raw_value == "params":
            return span(element.value)
    return None


def _reads(it: Interpreter, module: ModuleInstance) -> Dim | None:
    """What the first linear layer or convolution of a head reads; ``None`` if something else comes first."""
    for _, part in named_modules(it, module):
        width = part.attrs.get(_WIDTHS.get(part.cls.name, ""))
        if isinstance(width, int):
            return width
        if part.cls.name != "Sequential" and part.cls.name not in _FIRST:
            return None
    return None


def _dotted(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _count(parameter: TensorValue) -> Dim | None:
    return _product(parameter.shape)


def _product(shape: tuple[Dim, ...] | None) -> Dim | None:
    if shape is None:
        return None
    total: Dim = 1
    for size in shape:
        total = total * size
    return total


def _sum(counts: list[Dim | None]) -> Dim | None:
    total: Dim = 0
    for count in counts:
        if count is None:
            return None
        total = total + count
    return total
