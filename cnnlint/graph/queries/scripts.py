"""Questions about scripts: what is trained when, which parameters an optimizer holds, what a loss reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import Module
from cnnlint.graph.script import (
    Group,
    GroupAdded,
    HeadReplaced,
    LossApplied,
    ModelRef,
    OptimizerBuilt,
    OptimizerUsed,
    ParameterRef,
    RequiresGrad,
    ScriptView,
    Step,
)  # fmt: skip
from cnnlint.graph.span import Span
from cnnlint.graph.wording import number

_SHAPING = frozenset({"Shape", "Reshape", "Identity"})
ADAPTIVE = frozenset({"Adam", "AdamW", "NAdam", "RAdam", "Adamax", "RMSprop", "Adafactor"})
"""Optimizers that scale each step by the gradient's size."""


@dataclass(frozen=True, slots=True)
class Held:
    """What an optimizer holds at the end of a script: its groups, those added later included; ``closed`` is whether
    all of them are known."""

    built: OptimizerBuilt
    position: int
    groups: tuple[Group, ...]
    closed: bool

    @property
    def serials(self) -> frozenset[int]:
        return frozenset(ref.serial for group in self.groups for ref in group.parameters)


def optimizers(script: ScriptView) -> Iterator[Held]:
    """The optimizers of a script, in order."""
    for position, event in enumerate(script.events):
        if isinstance(event, OptimizerBuilt):
            added = [e for e in script.events if isinstance(e, GroupAdded) and e.optimizer == event.number]
            groups = (*event.groups, *(e.group for e in added))
            handed = any(
                isinstance(e, OptimizerUsed) and e.optimizer == event.number and e.by == "param_groups"
                for e in script.events
            )
            closed = event.certain and all(group.known for group in groups) and not handed
            yield Held(event, position, groups, closed and all(e.certain for e in added))


def trained(script: ScriptView, end: int | None = None) -> dict[int, bool | None]:
    """Which parameters require a gradient before event ``end``, by serial number; those that are missing do. ``None``
    where it is not known."""
    state: dict[int, bool | None] = {}
    for event in script.events[:end]:
        if isinstance(event, RequiresGrad):
            for ref in event.parameters:
                same = state.get(ref.serial, True) is event.trainable
                state[ref.serial] = event.trainable if event.certain or same else None
    return state


def frozen(parameters: Iterable[ParameterRef], state: dict[int, bool | None]) -> list[ParameterRef]:
    """Those that certainly do not require a gradient."""
    return [ref for ref in parameters if state.get(ref.serial, True) is False]


def unfrozen_later(script: ScriptView, parameters: Iterable[ParameterRef], start: int) -> bool:
    """Whether one of the parameters may get a gradient again after event ``start``, or anywhere else in the file."""
    serials = {ref.serial for ref in parameters}
    return script.unfreezes_elsewhere or any(
        isinstance(event, RequiresGrad)
        and event.trainable is not False
        and any(ref.serial in serials for ref in event.parameters)
        for event in script.events[start:]
    )


def count(parameters: Iterable[ParameterRef]) -> Dim | None:
    """How many numbers the parameters hold together."""
    return total_of(ref.count for ref in parameters)


def total_of(counts: Iterable[Dim | None]) -> Dim | None:
    """The sum of counts; ``None`` if one is not known."""
    total: Dim = 0
    for each in counts:
        if each is None:
            return None
        total = total + each
    return total


def model_of(script: ScriptView, parameters: Sequence[ParameterRef]) -> ModelRef | None:
    """The one model that all the parameters belong to, if it is one of the script's and wholly known."""
    numbers = {ref.model for ref in parameters}
    found = [model for model in script.models if model.number in numbers]
    return found[0] if len(numbers) == 1 and len(found) == 1 and found[0].complete else None


def heads_of(script: ScriptView, model: int) -> list[HeadReplaced]:
    """The parts of a model that were replaced, in order."""
    return [event for event in script.events if isinstance(event, HeadReplaced) and event.model == model]


def parts(names: Iterable[str], among: Iterable[str]) -> tuple[str, ...]:
    """The fewest prefixes of dotted names that hold ``names`` and nothing else of ``among``, in order."""
    wanted = list(dict.fromkeys(names))
    others = set(among) - set(wanted)
    blocked = {"".join(prefix) for other in others for prefix in _prefixes(other)}
    found: dict[str, None] = {}
    for name in wanted:
        found[next((prefix for prefix in _prefixes(name) if prefix not in blocked), name)] = None
    return tuple(found)


def _prefixes(name: str) -> list[str]:
    """``a``, ``a.b``, ``a.b.weight``."""
    words = name.split(".")
    return [".".join(words[:end]) for end in range(1, len(words) + 1)]


def named(parameters: Sequence[ParameterRef], model: ModelRef) -> str:
    """The parameters in words: ``layer1``, ``conv1 and bn1``, ``the whole model``."""
    if {ref.serial for ref in parameters} >= {ref.serial for ref in model.parameters}:
        return "the whole model"
    found = parts((ref.name for ref in parameters), (ref.name for ref in model.parameters))
    return listed([part.removesuffix(".*") for part in found])


def listed(words: Sequence[str], most: int = 4) -> str:
    """``a``, ``a and b``, ``a, b and 3 more``."""
    if len(words) > most:
        words = [*words[: most - 1], f"{number(len(words) - most + 1)} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def indexed(path: str) -> str:
    """``classifier.6`` as a program writes it: ``classifier[6]``."""
    words = path.split(".")
    return words[0] + "".join(f"[{word}]" if word.isdigit() else f".{word}" for word in words[1:])


def place_in(head: HeadReplaced) -> str:
    """The replaced part as a program writes it below its model: ``fc``, ``classifier[6]``."""
    return indexed(f"{head.owner}.{head.attribute}" if head.owner else head.attribute)


def learns(script: ScriptView, held: Held, position: int) -> bool:
    """Whether an optimizer may update something at event ``position``."""
    state = trained(script, position)
    return not held.closed or any(state.get(serial, True) is not False for serial in held.serials)


def rate(lr: float) -> str:
    """A learning rate as people write it: ``0.001``, ``1e-05``."""
    return f"{lr:g}"


# ---- losses ---------------------------------------------------------------------------------------------------------


def losses(script: ScriptView) -> Iterator[LossApplied]:
    """The losses of a script, each place once for each way to it."""
    seen: set[tuple[object, ...]] = set()
    for event in script.events:
        if isinstance(event, LossApplied):
            key = (event.span, event.model, event.steps)
            if key not in seen:
                seen.add(key)
                yield event


def decisive(loss: LossApplied) -> Step | None:
    """The last operation before a loss that changes values."""
    return next((step for step in loss.steps if step.kind not in _SHAPING), None)


def places(script: ScriptView, loss: LossApplied, step: Step) -> tuple[Span, Span, str]:
    """Where to report what ``step`` does in front of ``loss``, the other of the two places and what it is: the step
    comes first if it stands in the script's file."""
    if step.span.path == script.path:
        return step.span, loss.span, f"{loss.loss} is applied here"
    return loss.span, step.span, f"{step.name} is applied here"


def layer_of(loss: LossApplied, step: Step) -> Module | None:
    """The layer of torch whose call ``step`` is, if nothing else in the model calls it."""
    module = loss.graph.modules.get(step.layer) if step.layer else None
    if module is None or not module.builtin or not module.leaf or module.built_at is None:
        return None
    calls = [call for call in loss.graph.calls if call.module is module]
    return module if len(calls) == 1 else None
