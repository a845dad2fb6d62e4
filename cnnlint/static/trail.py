"""Two branches, one state: a journal of changes that lets evaluation run both sides of an undecided condition.

Every change to a container of the evaluated program is announced with :meth:`Trail.touch`. Between :meth:`start` and
:meth:`finish` the first change to each container keeps a copy; ``finish`` takes everything back and returns what was
changed, so that the other side starts from the same state.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cnnlint.static.values import TensorValue

Container: TypeAlias = Any


@dataclass(slots=True)
class Change:
    container: Container
    before: Any
    after: Any


Changes: TypeAlias = dict[int, Change]


@dataclass(slots=True)
class _Level:
    """One open branch: what changed containers held before, and the containers made in it (both by identity)."""

    kept: dict[int, tuple[Container, Any]] = field(default_factory=dict)
    born: dict[int, Container] = field(default_factory=dict)


class Trail:
    """The stack of open branches."""

    def __init__(self) -> None:
        self._levels: list[_Level] = []

    @property
    def open(self) -> bool:
        """Whether evaluation is inside an undecided branch."""
        return bool(self._levels)

    @property
    def depth(self) -> int:
        """How many undecided branches are open. What is made inside one need not be journalled for it."""
        return len(self._levels)

    def touch(self, container: Container) -> None:
        """Announce a change to a dict, list, set or tensor variable."""
        if self._levels:
            level = self._levels[-1]
            if id(container) not in level.kept and id(container) not in level.born:
                level.kept[id(container)] = (container, _copy(container))

    def born(self, *containers: Container) -> None:
        """Announce containers that are made now: the other side of an open branch never sees them, so what becomes of
        them on this side need not be taken back."""
        if self._levels:
            self._levels[-1].born.update((id(container), container) for container in containers)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Inside, nothing is journalled: what runs there would have run before any open branch began."""
        levels, self._levels = self._levels, []
        try:
            yield
        finally:
            self._levels = levels

    def start(self) -> None:
        self._levels.append(_Level())

    def finish(self) -> Changes:
        """Take back everything since :meth:`start` and return it."""
        changes: Changes = {}
        level = self._levels.pop()
        if self._levels:
            self._levels[-1].born |= level.born
        for key, (container, before) in level.kept.items():
            changes[key] = Change(container, before, _copy(container))
            restore(container, before)
        return changes


def _copy(container: Container) -> Any:
    if isinstance(container, TensorValue):
        return container.edge, container.values
    return container.copy()


def restore(container: Container, state: Any) -> None:
    """Give the container the contents ``state``."""
    if isinstance(container, TensorValue):
        container.edge, container.values = state
    elif isinstance(container, list):
        container[:] = state
    else:
        container.clear()
        container.update(state)
