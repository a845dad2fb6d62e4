"""Values as JSON. A tensor becomes the number of its edge; what JSON cannot hold is marked with its type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

EdgeOf = Callable[[torch.Tensor], int]

_MOST_ITEMS = 4096
_DEEPEST = 12


def encode(value: Any, edge_of: EdgeOf, depth: int = 0) -> Any:
    """``value`` as JSON: scalars and lists as they are, everything else as an object with one key."""
    if value is None or isinstance(value, (bool, int, str)):
        return value if type(value) in (type(None), bool, int, str) else _plain(value)
    if isinstance(value, float):
        return float(value) if abs(value) < float("inf") else {"float": str(value)}
    if isinstance(value, torch.Tensor):
        return {"tensor": edge_of(value)}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value)}
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, slice):
        return {"slice": [encode(part, edge_of, depth + 1) for part in (value.start, value.stop, value.step)]}
    if depth < _DEEPEST:
        if isinstance(value, tuple) and len(value) <= _MOST_ITEMS:
            return {"tuple": [encode(item, edge_of, depth + 1) for item in value]}
        if isinstance(value, list) and len(value) <= _MOST_ITEMS:
            return [encode(item, edge_of, depth + 1) for item in value]
        if isinstance(value, dict) and len(value) <= _MOST_ITEMS:
            return {"dict": [[str(key), encode(item, edge_of, depth + 1)] for key, item in value.items()]}
        fields = getattr(type(value), "__dataclass_fields__", None)
        if fields is not None:
            items = [[name, encode(getattr(value, name, None), edge_of, depth + 1)] for name in fields]
            return {"dict": items}
    return {"other": type(value).__name__}


def _plain(value: Any) -> Any:
    """An enum member, a numpy integer or the like, as the number or text it is."""
    return int(value) if isinstance(value, int) else str(value)


def tensors_in(value: Any, depth: int = 0) -> Iterator[torch.Tensor]:
    """The tensors inside a value, in order."""
    if isinstance(value, torch.Tensor):
        yield value
    elif depth < _DEEPEST:
        if isinstance(value, (list, tuple)):
            for item in value:
                yield from tensors_in(item, depth + 1)
        elif isinstance(value, dict):
            for item in value.values():
                yield from tensors_in(item, depth + 1)
        elif getattr(type(value), "__dataclass_fields__", None) is not None:
            for name in type(value).__dataclass_fields__:
                yield from tensors_in(getattr(value, name, None), depth + 1)


def no_tensors(value: torch.Tensor) -> int:
    """Stands in for ``edge_of`` where only plain attributes are encoded."""
    return -1
