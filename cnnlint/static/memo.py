"""Each distinct block once: the bookkeeping that tells whether an evaluation touched nothing but itself.

While the program runs, every change is noted: to instances (by their birth number), to lists and dicts, to tensor
variables by in-place operations. A call whose notes concern only what it made itself can be repeated from its record.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cnnlint.static.values import ModuleInstance, births

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


@dataclass(slots=True)
class Signature:
    """A module's signature as it was when instances up to ``birth`` had been made and ``effects`` and ``touched``
    changes noted; ``number`` is ``None`` where it has none, or while it is being computed."""

    module: ModuleInstance
    birth: int
    effects: int
    touched: int
    number: int | None = None


@dataclass
class Memo:
    """What was noted, and the recordings made so far. ``tokens`` gives equal structures one number."""

    effects: list[int] = field(default_factory=list)
    """Birth numbers of the instances changed; -1 for what every call can see."""
    touched: list[Any] = field(default_factory=list)
    """Lists, dicts and sets changed."""
    moved: list[int] = field(default_factory=list)
    """Birth numbers of the tensor variables changed by in-place operations."""
    tokens: dict[Hashable, int] = field(default_factory=dict)
    forwards: dict[Hashable, Any] = field(default_factory=dict)
    builds: dict[Hashable, Any] = field(default_factory=dict)
    seen: set[Hashable] = field(default_factory=set)
    signatures: dict[int, Signature] = field(default_factory=dict)
    """By identity of a module."""
    signed: set[int] = field(default_factory=set)
    """Identities of the lists, dicts and sets whose items are part of a token; they are kept in ``alive``."""
    registries: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    """By identity of a collection: the collection, and what fills it (``None``: nothing but its own file)."""
    alive: dict[int, Any] = field(default_factory=dict)
    """What tokens name by identity, kept so that no identity is given out twice."""

    def token(self, structure: Hashable) -> int:
        """One number for all equal structures."""
        return self.tokens.setdefault(structure, len(self.tokens))

    def holds(self, signature: Signature) -> bool:
        """Whether nothing that a signature stands for has changed since it was computed: the instances changed are
        younger than all that the module held then, the collections are part of no signature."""
        if any(birth < signature.birth for birth in self.effects[signature.effects :]) or any(
            id(container) in self.signed for container in self.touched[signature.touched :]
        ):
            return False
        signature.effects, signature.touched = len(self.effects), len(self.touched)
        return True


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of all notes at the beginning of a call."""

    birth: int
    effects: int
    touched: int
    moved: int
    nodes: int
    failures: int
    noted: int
    other: int


def mark(it: Interpreter) -> Mark:
    """Remember where the notes stand."""
    memo = it.memo
    return Mark(
        births(), len(memo.effects), len(memo.touched), len(memo.moved), len(it.recorder.nodes),
        len(it.recorder.failures), it.noted, _other(it),
    )  # fmt: skip


def _other(it: Interpreter) -> int:
    recorder = it.recorder
    return (
        len(recorder.made_in_forward) + len(recorder.overwritten) + len(recorder.devices) + len(it.hazy)
        + len(recorder.examples) + it.hidden_parameters
    )  # fmt: skip


def alone(it: Interpreter, start: Mark) -> bool:
    """Whether what happened since ``start`` touched nothing older, failed nowhere and left nothing unknown."""
    memo, recorder = it.memo, it.recorder
    return (
        len(recorder.failures) == start.failures
        and it.noted == start.noted
        and _other(it) == start.other
        and all(birth >= start.birth for birth in memo.effects[start.effects :])
        and all(birth >= start.birth for birth in memo.moved[start.moved :])
        and not _shared(it, memo.touched[start.touched :])
    )


def _shared(it: Interpreter, touched: list[Any]) -> bool:
    """Whether one of the changed collections is held by a file, a class or a function's defaults."""
    if not touched:
        return False
    wanted = {id(container) for container in touched}
    for env in it.modules.values():
        if any(id(value) in wanted for value in env.names.values()):
            return True
    return any(id(value) in wanted for cls in it.recorder.built for base in cls.mro for value in base.attrs.values())
