"""What a watched script means for findings: the same rules asked about the script with measured steps in it.

Which parameters an optimizer holds and which of them are trained, what stood where a part is put in, and whether a flag
set on a module is a plain attribute: that is measured. Losses, modes and training steps are not, so a finding that
needs them keeps its grade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from cnnlint.graph.script import (
    Event,
    Group,
    GroupAdded,
    HeadReplaced,
    ModelRef,
    ModuleFlagSet,
    OptimizerBuilt,
    OptimizerUsed,
    ParameterRef,
    RequiresGrad,
    ScriptView,
)  # fmt: skip
from cnnlint.graph.span import Span
from cnnlint.rule import Finding, Proof
from cnnlint.trace.places import Places

Check: TypeAlias = Callable[[ScriptView], Sequence[Finding]]
Facts: TypeAlias = Mapping[str, Any]
State: TypeAlias = Sequence[Any]
"""``[number, name, size, whether it is trained]`` of a parameter."""

_STEPS = {OptimizerBuilt: "optimizer", GroupAdded: "group", HeadReplaced: "part", ModuleFlagSet: "flag"}
"""Events that the trace measures, and what the worker calls them."""
_KEPT = (*_STEPS, RequiresGrad, OptimizerUsed)


def measurable(script: ScriptView) -> ScriptView:
    """The script with only those steps that a run shows too."""
    return replace(script, events=tuple(event for event in script.events if isinstance(event, _KEPT)))


def lines_of(script: ScriptView) -> tuple[int, ...]:
    """The lines of the script's own file that such steps stand at."""
    return tuple(sorted({e.span.line for e in measurable(script).events if e.span.path == script.path}))


def grade(script: ScriptView, findings: Sequence[Finding], facts: Facts, check: Check) -> list[Proof]:
    """The grade of each of the ``findings``, which the rules made on ``script``."""
    view = measured(script, facts)
    if view is None:
        return [finding.proof for finding in findings]
    provable, again = Places(check(measurable(script))), Places(check(view))
    return [
        finding.proof if finding not in provable else Proof.CONFIRMED if finding in again else Proof.REFUTED
        for finding in findings
    ]


def measured(script: ScriptView, facts: Facts) -> ScriptView | None:
    """The script with what the run showed in place of what was read; ``None`` where the two do not fit together: a
    step that did not run, a parameter that only one side knows."""
    try:
        return replace(script, events=tuple(_Measuring(script, facts).events()))
    except _Unlike:
        return None


class _Unlike(Exception):
    """What ran is not what was read."""


@dataclass
class _Measuring:
    script: ScriptView
    facts: Facts
    refs: dict[int, ParameterRef] = field(default_factory=dict)
    """By the worker's number of a parameter."""
    sizes: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.records = list(self.facts["records"])
        waiting = list(self.script.models)
        for model in self.facts["models"]:
            static = next((each for each in waiting if self._fits(each, model["parameters"])), None)
            if static is not None:
                waiting.remove(static)
                self._learn(model["parameters"], static.parameters)
        gone = [ref for event in self.script.events if isinstance(event, HeadReplaced) for ref in event.removed]
        for record in self.records:
            self._learn([each for state in record["states"] for each in state if each[0] not in self.refs], gone)

    def _fits(self, model: ModelRef, state: State) -> bool:
        sizes: dict[int, int] = {}
        for _, name, size, _ in state:
            ref = _ref(name, model.parameters)
            if ref is None:
                return False
            sizes[ref.serial] = sizes.get(ref.serial, 0) + size
        return {ref.serial: ref.count for ref in model.parameters} == sizes

    def _learn(self, state: State, among: Sequence[ParameterRef]) -> None:
        for number, name, size, _ in state:
            ref = _ref(name, among)
            if ref is not None:
                self.refs[number], self.sizes[number] = ref, size

    # ---- events -------------------------------------------------------------------------------------------------

    def events(self) -> Iterator[Event]:
        for event in self.script.events:
            kind = _STEPS.get(type(event))
            if kind is None or event.span.path != self.script.path:
                yield event
                continue
            record = self._record(kind, event)
            yield from self._states(record["states"], event.span)
            yield from self._step(event, record)
        last = self.script.events[-1].span
        yield from self._states([model["parameters"] for model in self.facts["models"]], last)

    def _record(self, kind: str, event: Event) -> Facts:
        """The next record of the event, which may stand on several lines."""
        for record in self.records:
            at = record["at"]
            if record["kind"] == kind and at and at[1] <= event.span.end_line and event.span.line <= at[3]:
                self.records.remove(record)
                found: Facts = record
                return found
        raise _Unlike

    def _states(self, states: Sequence[State], span: Span) -> Iterator[Event]:
        """What is trained at this moment. Parts that are read as a whole must be trained as a whole."""
        trained: dict[int, tuple[ParameterRef, bool]] = {}
        for number, _, _, value in (each for state in states for each in state):
            ref = self.refs.get(number)
            if ref is not None and trained.setdefault(ref.serial, (ref, value))[1] is not value:
                raise _Unlike
        for value in (True, False):
            refs = tuple(ref for ref, is_trained in trained.values() if is_trained is value)
            if refs:
                yield RequiresGrad(refs, value, span)

    def _step(self, event: Event, record: Facts) -> Iterator[Event]:
        match event:
            case OptimizerBuilt():
                yield replace(event, groups=self._groups(event.groups, record["groups"]))
            case GroupAdded():
                (group,) = self._groups((event.group,), record["groups"])
                yield replace(event, group=group)
            case HeadReplaced():
                if record["name"] != event.attribute:
                    raise _Unlike
                yield replace(
                    event, existed=record["existed"], in_features=record["reads"], expected=record["expected"]
                )
            case ModuleFlagSet() if record["plain"]:
                yield event

    def _groups(self, static: Sequence[Group], live: Sequence[Any]) -> tuple[Group, ...]:
        if len(static) != len(live):
            raise _Unlike
        return tuple(
            replace(group, parameters=self._held(numbers), lr=lr, known=True)
            for group, (numbers, lr) in zip(static, live, strict=True)
        )

    def _held(self, numbers: Sequence[int]) -> tuple[ParameterRef, ...]:
        """The parameters of a group; those that are read as a whole must be in it as a whole."""
        found: dict[ParameterRef, int] = {}
        for number in numbers:
            if number not in self.refs:
                raise _Unlike
            ref = self.refs[number]
            found[ref] = found.get(ref, 0) + self.sizes[number]
        if any(ref.count != size for ref, size in found.items()):
            raise _Unlike
        return tuple(found)


def _ref(name: str, among: Sequence[ParameterRef]) -> ParameterRef | None:
    """The parameter of that name, or the part of a model that holds it: ``layer1.*``, known by its size alone."""
    return next(
        (ref for ref in among if ref.name == name or (ref.name.endswith(".*") and name.startswith(ref.name[:-1]))), None
    )
