"""``re``: regular expressions that end in bounded time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnnlint.static.library.define import Args, Kwargs, Table
from cnnlint.static.operators import first_unknown
from cnnlint.static.signals import Raised
from cnnlint.static.values import Iteration, Native, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

EXPRESSIONS = Table()
MAX_EFFORT = 10**7
"""How many places matching may try."""

_FUNCTIONS = ("match", "fullmatch", "search", "split", "sub", "subn", "findall", "finditer")
_MATCH = frozenset(("group", "groups", "groupdict", "start", "end", "span"))
_REPEAT = re.compile(r"[*+?{]")
_NESTED = re.compile(r"\)[*+{]")
_LONGEST = 400
"""Characters of a pattern that is followed: none of them nests too deep for Python's parser."""


def bounded(pattern: str, text: str) -> bool:
    """Whether matching surely ends soon. Each repetition can try as many places as the text has characters, each
    alternative doubles them; one of a group that repeats or branches inside can try exponentially many."""
    repeats, branches = len(_REPEAT.findall(pattern)), pattern.count("|")
    if len(pattern) > _LONGEST or (repeats + branches > 1 and _NESTED.search(pattern)):
        return False
    effort: int = (len(text) + 1) ** (repeats + 1) * 2**branches
    return effort <= MAX_EFFORT


def expression_method(value: Value, name: str) -> Value:
    """``match.group``, ``pattern.split``; ``None`` if it has none."""
    if isinstance(value, re.Match):
        if name in ("string", "lastindex", "lastgroup"):
            return getattr(value, name)
        return Native(name, lambda it, args, kw, site: _run(getattr(value, name), args, kw)) if name in _MATCH else None
    if name in ("pattern", "flags"):
        return getattr(value, name)
    if name not in _FUNCTIONS:
        return None
    return Native(name, lambda it, args, kwargs, site: _apply(it, name, [value, *args], kwargs, site))


def _apply(it: Interpreter, name: str, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if not args:
        return first_unknown(it, site, *kwargs.values())
    pattern, *given = args
    if not isinstance(pattern, str | re.Pattern) or not all(isinstance(arg, str | int) for arg in given):
        return first_unknown(it, site, *args)
    if any(not isinstance(value, str | int) for value in kwargs.values()):
        return first_unknown(it, site, *kwargs.values())
    source = pattern if isinstance(pattern, str) else pattern.pattern
    texts = [value for value in (*given, *kwargs.values()) if isinstance(value, str)]
    if not isinstance(source, str) or not bounded(source, max(texts, key=len, default="")):
        return it.unknown("a regular expression that is not followed", site)
    owner: Any = re if isinstance(pattern, str) else pattern
    found = _run(getattr(owner, name), args if isinstance(pattern, str) else given, kwargs)
    return Iteration(list(found)) if name == "finditer" else found


def _run(function: Any, args: Args, kwargs: Kwargs) -> Value:
    try:
        return function(*args, **kwargs)
    except re.error as error:
        raise Raised(ValueError, str(error)) from None
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise Raised(type(error), str(error)) from None


def _handler(name: str) -> Any:
    return lambda it, args, kwargs, site: _apply(it, name, args, kwargs, site)


for _name in _FUNCTIONS:
    EXPRESSIONS[f"re.{_name}"] = _handler(_name)


@EXPRESSIONS.add("re.compile")
def _compile(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if (
        not args
        or not isinstance(args[0], str)
        or not all(isinstance(arg, int) for arg in (*args[1:], *kwargs.values()))
    ):
        return first_unknown(it, site, *args)
    return _run(re.compile, args, kwargs) if bounded(args[0], "") else it.unknown("a long pattern", site)


@EXPRESSIONS.add("re.escape")
def _escape(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return re.escape(args[0]) if args and isinstance(args[0], str) else first_unknown(it, site, *args)
