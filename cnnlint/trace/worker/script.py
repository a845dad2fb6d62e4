"""What a script does to its models, watched while it runs: optimizers built, parts replaced, flags set on modules.

Only the statements that hold such a step run, and those that they need. Weights are not downloaded: what is trained
does not depend on them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .frames import here, is_internal
from .loading import new_module
from .slicing import script_at
from .sources import source_of

Facts = dict[str, Any]


def observe(request: Facts, device: str) -> Facts:
    """``records`` of the steps in order, and ``models`` as they are in the end. Raises what the user's code raises,
    and :class:`~.slicing.NoScript`."""
    path = request["path"]
    program = script_at(ast.parse(source_of(path)), request["lines"])
    module = new_module(request)
    watch = _Watch()
    with torch.device(device), watch.open():
        exec(compile(program, path, "exec", dont_inherit=True), module.__dict__)
    return {"error": None, "device": device, "records": watch.records, "models": watch.models()}


class _Watch:
    """The steps of a script. Parameters are numbered in the order they are met in, so that one which is no longer in
    its model is still told from the one that took its place."""

    def __init__(self) -> None:
        self.records: list[Facts] = []
        self._parameters: list[nn.Parameter] = []
        self._numbers: dict[int, int] = {}
        self._roots: list[nn.Module] = []

    @contextmanager
    def open(self) -> Iterator[None]:
        """While open, steps are written down."""
        with _wrapped(torch.optim.Optimizer, "__init__", self._init), _wrapped(
            torch.optim.Optimizer, "add_param_group", self._add_group
        ), _wrapped(nn.Module, "__setattr__", self._set):  # fmt: skip
            yield

    def models(self) -> list[Facts]:
        """The models that were met, with ``[number, name, size, whether it is trained]`` of each parameter."""
        inner = {id(part) for root in self._roots for name, part in root.named_modules() if name}
        return [
            {"type": type(root).__name__, "parameters": self._state(root)}
            for root in self._roots
            if id(root) not in inner
        ]

    def _state(self, root: nn.Module) -> list[Any]:
        return [[self._number(p), name, p.numel(), p.requires_grad] for name, p in root.named_parameters()]

    def _number(self, parameter: nn.Parameter) -> int:
        number = self._numbers.setdefault(id(parameter), len(self._parameters))
        if number == len(self._parameters):
            self._parameters.append(parameter)  # alive, so that no other gets its identity
        return number

    def _meet_models(self) -> None:
        """The modules that the user's functions hold in variables at this moment."""
        frame = inspect.currentframe()
        while frame is not None:
            if not is_internal(frame.f_code.co_filename):
                for value in list(frame.f_locals.values()):
                    if isinstance(value, nn.Module) and not any(value is root for root in self._roots):
                        self._roots.append(value)
            frame = frame.f_back

    # ---- steps --------------------------------------------------------------------------------------------------

    def _record(self, kind: str, **more: Any) -> None:
        self._meet_models()
        states = [self._state(root) for root in self._roots]
        self.records.append({"kind": kind, "at": here(), "states": states, **more})

    def _init(self, original: Callable[..., Any], optimizer: Any, *args: Any, **kwargs: Any) -> None:
        with self._muted():
            original(optimizer, *args, **kwargs)
        self._record("optimizer", groups=[self._group(group) for group in optimizer.param_groups])

    def _add_group(self, original: Callable[..., Any], optimizer: Any, *args: Any, **kwargs: Any) -> None:
        original(optimizer, *args, **kwargs)
        if not self._quiet:
            self._record("group", groups=[self._group(optimizer.param_groups[-1])])

    _quiet = False

    @contextmanager
    def _muted(self) -> Iterator[None]:
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def _group(self, group: Facts) -> list[Any]:
        lr = group.get("lr")
        return [[self._number(p) for p in group["params"]], float(lr) if isinstance(lr, (int, float)) else None]

    def _set(self, original: Callable[..., Any], module: nn.Module, name: str, value: Any) -> None:
        old = module._modules.get(name) if "_modules" in vars(module) else None
        original(module, name, value)
        if name == "requires_grad" and not isinstance(value, torch.Tensor):
            self._record("flag", plain=name in vars(module))
        elif isinstance(value, nn.Module) and _by_user():
            self._record("part", name=name, existed=old is not None, reads=_reads(value), expected=_reads(old))


def _by_user() -> bool:
    """Whether a part is assigned outside its owner's constructor: a model that is being built is no step."""
    frame = inspect.currentframe()
    while frame is not None and is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name != "__init__"


def _reads(module: nn.Module | None) -> int | None:
    """How many features the first linear or convolutional layer of a part reads."""
    for part in () if module is None else module.modules():
        found = getattr(part, "in_features", getattr(part, "in_channels", None))
        if isinstance(found, int):
            return found
    return None


@contextmanager
def _wrapped(owner: Any, name: str, wrapper: Callable[..., Any]) -> Iterator[None]:
    """While open, ``wrapper(original, ...)`` runs instead of a method."""
    original = getattr(owner, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return wrapper(original, self, *args, **kwargs)

    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, original)
