"""The user's file imported, its model built, and the inputs it is run on."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import nn

from .example import capture, example_program
from .frames import construction, cut_from_container, is_internal
from .slicing import definitions, does_things, script_at
from .sources import source_of

BUILT_AT = "_cnnlint_built_at"
"""Where a module was made; kept in its ``__dict__``, so that copies have it too."""


class Loaded(NamedTuple):
    """A built model with the arguments of the call to trace."""

    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Unusable(Exception):
    """The file or the callable does not give a model; the text says what it gives."""


def load(request: dict[str, Any], device: str) -> Loaded:
    """Imports the file anew and builds the model and its inputs on ``device``. Raises what the user's code raises."""
    torch.manual_seed(0)
    with torch.device(device), noting_constructions():
        _forget_first_attempt()
        loaded = _from_script(request)
        if loaded is not None:
            return loaded
        module = import_file(request)
        if request["example"] is None:
            return _built(module, request)
        program = example_program(ast.parse(source_of(request["path"])), request["example"]["line"])
        return Loaded(*capture(module, program, request["path"], request["example"]))


def _from_script(request: dict[str, Any]) -> Loaded | None:
    """The model of a file that does things when it is imported, such as training: only what it needs is run. ``None``
    for any other file, and where that does not lead to a model: importing the file says why."""
    try:
        tree = ast.parse(source_of(request["path"]))
        if "." in request["module"] or not does_things(tree):
            return None
        example = request["example"]
        if example is not None:
            program = script_at(tree, [example["line"]], handed=False)
            return Loaded(*capture(new_module(request), program, request["path"], example))
        definition = definitions(tree, request["callable"].partition(".")[0])
        if definition is None:
            return None
        module = new_module(request)
        exec(compile(definition, request["path"], "exec", dont_inherit=True), module.__dict__)
        return _built(module, request)
    except BaseException:  # noqa: BLE001 - the file as a whole may still give the model
        return None


def new_module(request: dict[str, Any]) -> ModuleType:
    """An empty module under the name and path of the user's file."""
    name = request["module"]
    module = ModuleType(name)
    module.__dict__.update(__file__=request["path"], __package__=name.rpartition(".")[0])
    sys.modules[name] = module  # dataclasses and pickle look their module up
    return module


def import_file(request: dict[str, Any]) -> ModuleType:
    """The module of the user's file, under the name that its own package gives it."""
    name, path = request["module"], request["path"]
    package = name.rpartition(".")[0]
    if not package and name in sys.modules:  # the user's random.py must not stand in for Python's
        name = f"{name}_of_the_user"
    if package:
        found = importlib.import_module(name)  # once: a second copy of a registered model would be refused
        if _is_file(found, path):
            return found
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise Unusable(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look their module up
    spec.loader.exec_module(module)
    return module


def _is_file(module: ModuleType, path: str) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and os.path.realpath(file) == os.path.realpath(path)


_before: set[str] = set()


def _forget_first_attempt() -> None:
    """A second attempt on another device starts afresh: what the first one imported of the user's code is dropped."""
    if not _before:
        _before.update(sys.modules)
        return
    for name in set(sys.modules) - _before:
        file = getattr(sys.modules[name], "__file__", None)
        if isinstance(file, str) and not is_internal(file) and "site-packages" not in file:
            del sys.modules[name]


def _built(module: ModuleType, request: dict[str, Any]) -> Loaded:
    model = _build(module, request)
    return Loaded(model, *_inputs(model, request["inputs"]))


def _build(module: ModuleType, request: dict[str, Any]) -> nn.Module:
    target: Any = module
    for part in request["callable"].split("."):
        target = getattr(target, part)
    if isinstance(target, nn.Module):
        return target
    args, kwargs = ast.literal_eval(request["args"]), ast.literal_eval(request["kwargs"])
    made = target(*args, **kwargs)
    if not isinstance(made, nn.Module):
        raise Unusable(f"{request['callable']} gives {type(made).__name__}, which is no nn.Module")
    return made


def _inputs(model: nn.Module, wanted: list[dict[str, Any]]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Tensors by position as far as they stand in order, by name from there on."""
    parameters = _parameters(model.forward)
    names = [parameter.name for parameter in parameters]
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for position, given in enumerate(wanted):
        value = example_tensor(given["shape"], given["dtype"])
        name = given["name"]
        where = names.index(name) if name in names else position
        if name in names and (where != position or kwargs or parameters[where].kind is inspect.Parameter.KEYWORD_ONLY):
            kwargs[name] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def _parameters(forward: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        return []


def example_tensor(shape: list[int], dtype: str | None) -> torch.Tensor:
    """Normal noise for floating types; zeros, which are valid indices and labels, for all others."""
    kind = getattr(torch, dtype or "float32", torch.float32)
    if not isinstance(kind, torch.dtype) or not (kind.is_floating_point or kind.is_complex):
        return torch.zeros(shape, dtype=kind if isinstance(kind, torch.dtype) else torch.float32)
    return torch.randn(shape, dtype=kind) if kind.itemsize >= 2 else torch.zeros(shape, dtype=kind)


made_in_forward: list[nn.Module] = []
"""Modules that were constructed while :func:`noting_constructions` was told that a forward pass runs."""


@contextmanager
def noting_constructions(forward: bool = False) -> Iterator[None]:
    """While open, every new module remembers where it was made."""
    base: Any = nn.Module
    original = base.__init__

    def init(module: nn.Module, *args: Any, **kwargs: Any) -> None:
        original(module, *args, **kwargs)
        vars(module)[BUILT_AT] = construction(module)
        if forward and not cut_from_container():
            made_in_forward.append(module)

    base.__init__ = init  # the one place that all constructions pass
    try:
        yield
    finally:
        base.__init__ = original
