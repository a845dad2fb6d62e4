"""What a reader saw beside the graph itself: how modules were made, kept and used.

The dataclasses are facts with places; the judgement is the rules'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnlint.graph.dims import Dim
from cnnlint.graph.span import Span


@dataclass(frozen=True, slots=True)
class HiddenModules:
    """Modules in a plain list, tuple or dict attribute, which ``parameters()`` does not see.

    ``owner`` is the qualified name of the module that holds the attribute; ``parameters`` counts those in it that are
    registered nowhere else (``None``: unknown); ``frozen`` is whether none of them is trained."""

    owner: str
    owner_type: str
    attribute: str
    container: str
    count: int
    parameters: Dim | None
    frozen: bool
    read_in_forward: bool
    span: Span


@dataclass(frozen=True, slots=True)
class UnreadModule:
    """A registered module that ``forward`` never read. ``mentioned`` is whether its attribute is named anywhere else
    in the file, ``dynamic`` whether the owner also reads attributes by computed name or walks its children."""

    name: str
    type: str
    attribute: str
    owner_type: str
    parameters: Dim | None
    mentioned: bool
    dynamic: bool
    span: Span


@dataclass(frozen=True, slots=True)
class MadeInForward:
    """A module or parameter constructed while ``forward`` runs. ``kept`` is whether it was stored on a module."""

    type: str
    path: str
    parameters: Dim | None
    stateful: bool
    """Whether it behaves differently in training (dropout, batch norm)."""
    kept: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A module attribute that is assigned again before anything read it: ``parameters`` are lost."""

    owner_type: str
    attribute: str
    parameters: Dim | None
    first: Span
    second: Span


@dataclass(frozen=True, slots=True)
class DeviceLiteral:
    """A device named in the code of a module: ``text`` is ``cuda``, ``cuda:0``… ``in_forward`` tells where."""

    text: str
    call: str
    in_forward: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Facts:
    """All of them, for one model. ``aliases`` maps every registered name of a module that has several to the first."""

    hidden: tuple[HiddenModules, ...] = ()
    unread: tuple[UnreadModule, ...] = ()
    made_in_forward: tuple[MadeInForward, ...] = ()
    overwritten: tuple[Overwritten, ...] = ()
    devices: tuple[DeviceLiteral, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
