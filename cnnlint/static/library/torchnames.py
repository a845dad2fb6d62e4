"""The public names of torch's modules and of tensors (torch 2.13), so that one that does not exist is told from one
that is not read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from cnnlint.graph.model import Problem, ProblemKind

_OF_OLD = frozenset({
    "rfft", "irfft", "ifft", "symeig", "eig", "lstsq", "solve", "matrix_rank", "gels", "potrf", "potrs", "potri",
    "pstrf", "trtrs", "btrifact", "backends", "contrib", "soft_margin", "volatile",
})  # fmt: skip
"""Names that earlier versions had."""


@cache
def names() -> Mapping[str, frozenset[str]]:
    """Public names by module (``torch.nn``) or class (``Tensor``)."""
    text = files("cnnlint.static.library").joinpath("torch_names.txt").read_text(encoding="utf-8")
    blocks = (block.partition(":\n") for block in text.split("\n\n") if block.strip())
    return {owner.strip(): frozenset(listed.split()) for owner, _, listed in blocks}


def missing(owner: str, name: str) -> Problem | None:
    """What asking ``owner`` for a name that it does not have raises; ``None`` if it has it or is not listed."""
    listed = names().get(owner)
    if listed is None or name in listed or name in _OF_OLD or name.startswith("_"):
        return None
    kind = "'Tensor' object" if owner == "Tensor" else f"module {owner!r}"
    near = get_close_matches(name, sorted(listed), 1)
    text = f"raises AttributeError: {kind} has no attribute {name!r}"
    return Problem(ProblemKind.ATTRIBUTE, text, near[0] if near else None, name)
