"""Input shapes as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHAPE = re.compile(r"(?:(?P<name>[A-Za-z_]\w*)\s*=\s*)?(?P<sizes>\d+(?:\s*[x×,]\s*\d+)*)")
_BETWEEN = re.compile(r"\s*[x×,]\s*")


@dataclass(frozen=True, slots=True)
class InputShape:
    """The sizes of one input; ``name`` is the parameter of ``forward`` where it is given.

    ``(3, 224, 224)`` is an image without its batch, ``(1, 3, 224, 224)`` a batch of one."""

    name: str | None
    sizes: tuple[int, ...]

    def __str__(self) -> str:
        text = "x".join(map(str, self.sizes))
        return f"{self.name}={text}" if self.name else text


def parse_shape(text: str) -> InputShape:
    """Reads ``3x224x224``, ``1x3x224x224`` or ``name=3x224x224``. Raises :class:`ValueError` with what is wrong."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a shape: expected sizes joined by x, such as 3x224x224 or mask=1x224x224")
    sizes = tuple(int(size) for size in _BETWEEN.split(found["sizes"]))
    if 0 in sizes:
        raise ValueError(f"{text!r} is not a shape: a size of 0")
    return InputShape(found["name"], sizes)
