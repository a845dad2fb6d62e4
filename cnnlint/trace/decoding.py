"""The worker's JSON back into values: the other half of ``worker/encoding.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cnnlint.graph.model import Value
from cnnlint.graph.span import Span
from cnnlint.ops.spec import UNKNOWN
from cnnlint.source.paths import shown

Edge = Callable[[int], Any]


def decode(value: Any, edge: Edge) -> Any:
    """A value with its tensors as ``edge`` gives them; what JSON could not hold is ``UNKNOWN``."""
    if isinstance(value, list):
        return [decode(item, edge) for item in value]
    if not isinstance(value, dict):
        return value
    (kind, content), *_ = value.items()
    match kind:
        case "tensor":
            return edge(content)
        case "tuple":
            return tuple(decode(item, edge) for item in content)
        case "dict":
            return {key: decode(item, edge) for key, item in content}
        case "slice":
            return slice(*(decode(part, edge) for part in content))
        case "float":
            return float(content)
        case "dtype":
            return content
        case "ellipsis":
            return ...
        case _:
            return UNKNOWN


def decode_output(value: Any, edge: Edge) -> Value:
    """What a module returned: tensors, tuples and mappings of them, ``None`` for all else."""
    if isinstance(value, list):
        return tuple(decode_output(item, edge) for item in value)
    if not isinstance(value, dict):
        return None
    (kind, content), *_ = value.items()
    match kind:
        case "tensor":
            return edge(content)  # type: ignore[no-any-return]  # tensors of the graph here
        case "tuple":
            return tuple(decode_output(item, edge) for item in content)
        case "dict":
            return {key: decode_output(item, edge) for key, item in content}
        case _:
            return None


def edges_in(value: Any) -> Iterator[int]:
    """The numbers of the edges inside an encoded value, in order."""
    if isinstance(value, list):
        for item in value:
            yield from edges_in(item)
    elif isinstance(value, dict):
        for kind, content in value.items():
            if kind == "tensor":
                yield content
            elif kind == "dict":
                for _, item in content:
                    yield from edges_in(item)
            elif kind in ("tuple", "slice"):
                yield from edges_in(content)


def span_of(place: list[Any] | None) -> Span | None:
    """A place as the worker gives it, its file by the name that users see."""
    if place is None:
        return None
    path, line, column, end_line, end_column = place
    return Span(shown(Path(path)), line, column, end_line, end_column)
