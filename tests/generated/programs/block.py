"""What the nets need to know about a building block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """A helper of the program that maps ``(N, c_in, H, W)`` to ``(N, c_out, H, W)``, or to half the size, rounded up,
    with stride 2. ``make(c_in, c_out, stride)`` is the text of a call that builds one."""

    make: Callable[[object, object, object], str]
    strided: bool = True
    """Whether it takes a stride."""
    keeps_channels: bool = False
    """Whether c_out must be c_in (``make`` ignores c_out then)."""
    plain_stride: bool = False
    """Whether the stride must be a number, not an expression."""
