"""The name a user probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``", did you mean 'x'?"`` for the nearest known name, or nothing where none is near."""
    from difflib import get_close_matches

    names = list(known)
    by_fold = {name.casefold(): name for name in names}
    found = get_close_matches(wrong.casefold(), by_fold, n=1, cutoff=0.5)
    return f"; did you mean {by_fold[found[0]]!r}?" if found else ""
