"""``collections`` and ``itertools``."""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from cnnlint.static.interpreter import MAX_ITEMS
from cnnlint.static.iteration import items_of
from cnnlint.static.library.define import Args, Kwargs, Table, argument
from cnnlint.static.operators import PYTHON_ERRORS, binary, first_unknown, truth
from cnnlint.static.signals import Raised
from cnnlint.static.values import Iteration, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

COLLECTING = Table()


@COLLECTING.add("collections.namedtuple")
def _namedtuple(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.classes import make_namedtuple

    names, defaults = argument(args, kwargs, 1, "field_names"), kwargs.get("defaults") or ()
    if isinstance(names, str):
        names = names.replace(",", " ").split()
    if not isinstance(args[0], str) or not isinstance(names, list | tuple) or not isinstance(defaults, list | tuple):
        return it.unknown("a named tuple whose fields are not known", site)
    return make_namedtuple(args[0], [str(name) for name in names], list(defaults), None)


@COLLECTING.add("collections.defaultdict")
def _defaultdict(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call

    factory = args[0] if args else None
    return defaultdict((lambda: call(it, factory, [], {}, site)) if factory is not None else None)


@COLLECTING.add("collections.Counter")
def _counter(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    items = items_of(it, args[0]) if args else []
    if items is None:
        return first_unknown(it, site, *args)
    counts: dict[Any, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts


def _columns(it: Interpreter, args: Args) -> list[list[Value]] | None:
    columns = [items_of(it, arg) for arg in args]
    return None if any(column is None for column in columns) else [column or [] for column in columns]


def _combining(function: Any) -> Any:
    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        columns = _columns(it, args)
        if columns is None:
            return first_unknown(it, site, *args)
        made = list(itertools.islice(function(columns, kwargs), MAX_ITEMS))
        return Iteration(made)

    return handler


def _chosen(function: Any) -> Any:
    """A handler for a function of an iterable and numbers."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        items = items_of(it, args[0])
        if items is None or kwargs or not all(isinstance(arg, int | None) for arg in args[1:]):
            return it.unknown("an iterator that is not followed", site)
        try:
            return Iteration(list(itertools.islice(function(items, *args[1:]), MAX_ITEMS)))
        except PYTHON_ERRORS as error:
            raise Raised(type(error), str(error)) from None

    return handler


COLLECTING["itertools.chain"] = _combining(lambda columns, kw: itertools.chain(*columns))
COLLECTING["itertools.product"] = _combining(
    lambda columns, kw: itertools.product(*columns, repeat=kw.get("repeat", 1))
)
COLLECTING["itertools.zip_longest"] = _combining(
    lambda columns, kw: itertools.zip_longest(*columns, fillvalue=kw.get("fillvalue"))
)
COLLECTING["itertools.combinations"] = _chosen(itertools.combinations)
COLLECTING["itertools.permutations"] = _chosen(itertools.permutations)
COLLECTING["itertools.islice"] = _chosen(itertools.islice)
COLLECTING["itertools.pairwise"] = _combining(lambda columns, kw: itertools.pairwise(columns[0]))


@COLLECTING.add("itertools.chain.from_iterable")
def _chain_from(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    outer = items_of(it, args[0])
    columns = _columns(it, outer) if outer is not None else None
    return first_unknown(it, site, *args) if columns is None else Iteration(list(itertools.chain(*columns)))


@COLLECTING.add("itertools.batched")
def _selecting(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return it.unknown("an iterator that is not followed", site)


@COLLECTING.add("itertools.repeat")
def _repeat(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    count = argument(args, kwargs, 1, "times", 4096)
    if not isinstance(count, int) or count > MAX_ITEMS:
        return it.unknown("an endless repetition", site)
    return Iteration([args[0]] * count)


@COLLECTING.add("itertools.count")
def _count(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    start, step = argument(args, kwargs, 0, "start", 0), argument(args, kwargs, 1, "step", 1)
    if not isinstance(start, int) or not isinstance(step, int):
        return first_unknown(it, site, start, step)
    return Iteration([start + step * index for index in range(4096)])


@COLLECTING.add("itertools.accumulate")
def _accumulate(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    items = items_of(it, args[0])
    if items is None or len(args) > 1 or kwargs:
        return it.unknown("an accumulation that is not followed", site)
    totals: list[Value] = []
    for item in items:
        totals.append(binary(it, "add", totals[-1], item, site) if totals else item)
    return Iteration(totals)


@COLLECTING.add("itertools.takewhile", "itertools.dropwhile")
def _while(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call

    items = items_of(it, args[1])
    taken: list[Value] = []
    for item in items or ():
        answer = truth(it, call(it, args[0], [item], {}, site))
        if answer is None:
            return it.unknown("a condition that is not known", site)
        if not answer:
            break
        taken.append(item)
    return Iteration(taken) if items is not None else first_unknown(it, site, *args)
