"""``functools`` and ``inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.static.iteration import items_of
from cnnlint.static.library.define import Args, Kwargs, Table
from cnnlint.static.operators import first_unknown
from cnnlint.static.values import Bound, Class, Descriptor, External, Function, Instance, Native, Partial, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

FUNCTIONAL = Table()


@FUNCTIONAL.add("functools.partialmethod")
def _partial(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return Partial(args[0], tuple(args[1:]), dict(kwargs)) if args else it.unknown("partial() of nothing", site)


@FUNCTIONAL.add("functools.reduce")
def _reduce(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call

    items = items_of(it, args[1])
    if items is None or (not items and len(args) < 3):
        return first_unknown(it, site, *args)
    items = [*args[2:3], *items]
    result = items[0]
    for item in items[1:]:
        result = call(it, args[0], [result, item], {}, site)
    return result


@FUNCTIONAL.add("functools.wraps")
def _wraps(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """Gives the wrapper the wrapped function's name, and ``__wrapped__`` for :func:`inspect.signature`."""

    def decorate(it: Interpreter, given: Args, kw: Kwargs, site: Site) -> Value:
        wrapper = given[0] if given else None
        if isinstance(wrapper, Function) and args:
            wrapper.attrs["__wrapped__"] = args[0]
            if isinstance(args[0], Function):
                wrapper.attrs |= {"__name__": args[0].attrs.get("__name__", args[0].name)}
        return wrapper

    return Native("wraps", decorate)


@FUNCTIONAL.add("functools.lru_cache", "functools.singledispatch", "functools.total_ordering")
def _decorator(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """A decorator that leaves behaviour as it is, with or without arguments."""
    return Native("decorator", lambda it, given, kw, site: given[0] if given else None)


@FUNCTIONAL.add("functools.cache", "functools.update_wrapper")
def _keep(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return args[0]


@FUNCTIONAL.add("functools.cached_property")
def _cached_property(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return Descriptor("property", args[0])


_KINDS = {
    "pos": "POSITIONAL_ONLY", "both": "POSITIONAL_OR_KEYWORD", "*": "VAR_POSITIONAL", "kw": "KEYWORD_ONLY",
    "**": "VAR_KEYWORD",
}  # fmt: skip
_SIGNATURE = Class("Signature")
_PARAMETER = Class("Parameter")


@FUNCTIONAL.add("inspect.signature")
def _signature(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    function, skip = args[0], 0
    if isinstance(function, Class):
        from cnnlint.static.attributes import find_in_class

        function, skip = find_in_class(it, function, "__init__"), 1
    if isinstance(function, Bound):
        function, skip = function.function, 1
    while isinstance(function, Function) and "__wrapped__" in function.attrs:
        function = function.attrs["__wrapped__"]
    if not isinstance(function, Function):
        return it.unknown("the signature of something that is not read", site)
    kinds = {kind: External(f"inspect.Parameter.{kind}") for kind in _KINDS.values()}
    parameters = {
        param.name: Instance(_PARAMETER, {**kinds, "name": param.name, "kind": kinds[_KINDS[param.kind]]})
        for param in function.code.params[skip:]
    }
    return Instance(_SIGNATURE, {"parameters": parameters})


def _is_class(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return isinstance(args[0], Class)


def _is_function(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return isinstance(args[0], Function)


FUNCTIONAL["inspect.isclass"] = _is_class
FUNCTIONAL["inspect.isfunction"] = _is_function
