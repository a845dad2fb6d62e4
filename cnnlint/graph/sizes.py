"""For which input sizes a forward pass works, and what breaks just outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnlint.graph.span import Span


@dataclass(frozen=True, slots=True)
class Break:
    """A size at which the forward pass raises: the layer that refuses and why, where."""

    size: int
    layer: str
    type: str
    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class SizeRange:
    """The sizes that work, each for height and width alike (square inputs).

    From ``minimum`` to ``maximum`` (``None``: no upper limit was found) every ``multiple_of``-th size works, counted
    from ``minimum``. ``regular`` is false where the sizes in between do not follow such a rule; ``minimum`` is ``None``
    where no size that works was found. ``axes`` is the number of spatial axes."""

    axes: int
    minimum: int | None = None
    maximum: int | None = None
    multiple_of: int = 1
    regular: bool = True
    breaks: tuple[Break, ...] = ()
    reason: str = ""
    """Why the sizes could not be found out, where that is so."""

    @property
    def text(self) -> str:
        """As a person says it: ``multiples of 32``, ``32 and up``, ``exactly 28×28``."""
        if self.reason:
            return f"not known: {self.reason}"
        low, high, step = self.minimum, self.maximum, self.multiple_of
        if low is None:
            return "no size found that works"
        if not self.regular:
            return f"some sizes from {low}"
        if low == high:
            return "exactly " + "×".join([str(low)] * self.axes)
        upto = "" if high is None else f" to {high}"
        if step > 1:
            rest = low % step
            which = f"multiples of {step}" if rest == 0 else f"{rest} more than a multiple of {step}"
            return which if low == step and high is None else f"{which}, from {low}{upto}"
        if high is not None:
            return f"{low}{upto}"
        return f"any size from {low}" if low == 1 else f"{low} and up"

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "multiple_of": self.multiple_of if self.minimum is not None and self.regular else None,
            "breaks": [
                {
                    "size": each.size,
                    "layer": each.layer,
                    "type": each.type,
                    "message": each.message,
                    "path": each.span.path,
                    "line": each.span.line,
                }
                for each in self.breaks
            ],
        }
