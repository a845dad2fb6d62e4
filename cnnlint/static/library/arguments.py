"""``argparse``: the defaults of a program's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.static.library.define import Args, Kwargs, Table
from cnnlint.static.values import Class, Instance, Native, Site, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

ARGUMENTS = Table()

NAMESPACE = Class("Namespace")


def _destination(args: Args, kwargs: Kwargs) -> Value:
    """The attribute that an argument is stored under."""
    if isinstance(kwargs.get("dest"), str):
        return kwargs["dest"]
    names = [name for name in args if isinstance(name, str)]
    long = next((name for name in names if name.startswith("--")), names[0] if names else "")
    return long.lstrip("-").replace("-", "_")


def _add_argument(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    parser, name = args[0], _destination(args[1:], kwargs)
    if name:
        it.set_item(parser.attrs["defaults"], name, _default(it, args[1:], kwargs, name, site))
    return it.unknown("an argument of the command line", site)


def _default(it: Interpreter, args: Args, kwargs: Kwargs, name: str, site: Site) -> Value:
    given = not (args and isinstance(args[0], str) and args[0].startswith("-")) or kwargs.get("required") is True
    if given and "default" not in kwargs:
        return it.unknown(f"the argument {name} of the command line", site)
    action = kwargs.get("action")
    if isinstance(action, str) and action in ("store_true", "store_false", "count"):
        return kwargs.get("default", {"store_true": False, "store_false": True}.get(action))
    value = kwargs.get("default")
    kind = kwargs.get("type")
    if isinstance(value, str) and kind is not None:
        from cnnlint.static.calls import call

        return call(it, kind, [value], {}, site)
    return value


def _set_defaults(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    for name, value in kwargs.items():
        it.set_item(args[0].attrs["defaults"], name, value)
    return None


def _group(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return args[0]


def _parse(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    defaults = args[0].attrs["defaults"]
    words = args[1] if len(args) > 1 else kwargs.get("args")
    if isinstance(words, Unknown) or (isinstance(words, list | tuple) and words) or it.haze(defaults):
        return it.unknown("arguments that are not the defaults", site)
    return Instance(NAMESPACE, dict(defaults))


def _parse_known(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return (_parse(it, args, kwargs, site), [])


_PARSER = Class(
    "ArgumentParser",
    native={
        name: Native(f"ArgumentParser.{name}", method)
        for name, method in (
            ("add_argument", _add_argument), ("set_defaults", _set_defaults), ("add_argument_group", _group),
            ("add_mutually_exclusive_group", _group), ("parse_args", _parse), ("parse_known_args", _parse_known),
        )
    },
)  # fmt: skip
_PARSER.traits.add("unresolved")


@ARGUMENTS.add("argparse.ArgumentParser")
def _parser(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return Instance(_PARSER, {"defaults": {}})


@ARGUMENTS.add("argparse.Namespace", "types.SimpleNamespace")
def _namespace(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return Instance(NAMESPACE, dict(kwargs)) if not args else it.unknown("a namespace of something", site)
