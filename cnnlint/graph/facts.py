"""What a reader saw beside the graph itself: how modules were made, kept and used.

The dataclasses are facts with places; the judgement is the rules'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnlint.graph.dims import Dim
from cnnlint.graph.span import Span

if TYPE_CHECKING:
    from cnnlint.graph.model import Tensor


@dataclass(frozen=True, slots=True)
class Repeated:
    """One module that is several entries of a container: its class, how many, its parameters, where it is built."""

    type: str
    entries: int
    parameters: Dim | None
    span: Span


@dataclass(frozen=True, slots=True)
class HiddenModules:
    """Modules in a plain list, tuple or dict attribute, which ``parameters()`` does not see.

    ``owner`` is the qualified name of the module that holds the attribute; ``count`` is its entries, ``parameters``
    counts those in it that are registered nowhere else (``None``: unknown); ``frozen`` is whether none of them is
    trained; ``flat`` whether the entries are modules and nothing else, under text keys in a dict."""

    owner: str
    owner_type: str
    attribute: str
    container: str
    count: int
    parameters: Dim | None
    frozen: bool
    read_in_forward: bool
    span: Span
    flat: bool = False
    repeated: tuple[Repeated, ...] = ()


@dataclass(frozen=True, slots=True)
class LooseTensor:
    """A tensor that is a plain attribute of a module, neither parameter nor buffer. ``moved`` is whether the module's
    class has a method of its own that may move it (``to``, ``cuda``, ``_apply``)."""

    attribute: str
    tensor: Tensor
    moved: bool
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
    """A module or parameter constructed while ``forward`` runs, without what is built inside it. ``parameters`` are
    its new ones, ``kept`` is whether it was stored on a module."""

    type: str
    path: str
    parameters: Dim | None
    stateful: bool
    """Whether it is in training mode and behaves differently there: dropout, batch norm, or what has nothing but such
    layers to it."""
    kept: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Overwritten:
    """A module attribute that is assigned again, in the same block of code, before anything read it: ``parameters``
    are lost."""

    owner_type: str
    attribute: str
    parameters: Dim | None
    first: Span
    second: Span


@dataclass(frozen=True, slots=True)
class DeviceLiteral:
    """A device named in the code of a module: ``text`` is ``cuda``, ``cuda:0``… ``in_forward`` tells where. ``tensor``
    is an argument of the function whose device a new tensor could have instead; empty where there is none."""

    text: str
    call: str
    in_forward: bool
    span: Span
    tensor: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of them, for one model. ``aliases`` maps every registered name of a module that has several to the first."""

    hidden: tuple[HiddenModules, ...] = ()
    unread: tuple[UnreadModule, ...] = ()
    made_in_forward: tuple[MadeInForward, ...] = ()
    overwritten: tuple[Overwritten, ...] = ()
    devices: tuple[DeviceLiteral, ...] = ()
    loose: tuple[LooseTensor, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
