"""What happens while a model runs: module calls, torch functions, and the tensors that pass between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils.weak import WeakIdKeyDictionary

from .encoding import encode, tensors_in
from .frames import here

Event = dict[str, Any]

_MOST_EVENTS = 200_000


class Edges:
    """A number for each tensor that a run passes on. An edge is ``[shape, element type, origin, of]``: origin
    ``input`` (of: its number), ``parameter`` (its name), ``node`` (the event that made it) or ``constant``."""

    def __init__(self) -> None:
        self.table: list[list[Any]] = []
        self._numbers: Any = WeakIdKeyDictionary()

    def of(self, tensor: torch.Tensor) -> int:
        """The edge of a tensor; one nobody introduced is a constant."""
        known = self._numbers.get(tensor)
        return self.add(tensor, "constant", None) if known is None else int(known)

    def knows(self, tensor: torch.Tensor) -> bool:
        return tensor in self._numbers

    def add(self, tensor: torch.Tensor, origin: str, of: Any) -> int:
        """A new edge for a tensor, which may have had another: an operation in place, or one that returns its input."""
        number = len(self.table)
        try:
            shape: list[int] | None = [int(size) for size in tensor.shape]
        except (RuntimeError, TypeError, ValueError):  # nested and sparse tensors have no plain shape
            shape = None
        self.table.append([shape, str(tensor.dtype).removeprefix("torch."), origin, of])
        self._numbers[tensor] = number
        return number


class Recorder(TorchFunctionMode):
    """The record of one forward pass. ``names`` are the modules' qualified names by identity; ``flops`` reads torch's
    own counter by kernel, which counts two for a multiply-add."""

    def __init__(self, names: dict[int, str], flops: Callable[[], dict[str, int]]) -> None:
        super().__init__()
        self.edges = Edges()
        self.events: list[Event] = []
        self.outside: list[nn.Module] = []
        self.failed: int | None = None
        self._names = names
        self._flops = flops
        self._stack: list[int] = []

    # ---- modules ------------------------------------------------------------------------------------------------

    @contextmanager
    def watching_calls(self) -> Iterator[None]:
        """While open, every module's call is written down, whether it is registered or not."""
        base: Any = nn.Module
        original = base.__call__

        def call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            return self._call(original, module, args, kwargs)

        base.__call__ = call  # also reaches modules made during the run
        try:
            yield
        finally:
            base.__call__ = original

    def _call(self, original: Callable[..., Any], module: nn.Module, args: Any, kwargs: Any) -> Any:
        event: Event = {
            "kind": "call", "module": self._name(module), "parent": self._stack[-1] if self._stack else -1,
            "args": encode(args, self.edges.of), "kwargs": encode(kwargs, self.edges.of), "at": here(),
        }  # fmt: skip
        given = [self.edges.of(tensor) for tensor in tensors_in([args, kwargs])]
        number = self._add(event)
        before = self._flops()
        self._stack.append(number)
        try:
            output = original(module, *args, **kwargs)
        except BaseException:
            if self.failed is None:
                self.failed = number
            raise
        finally:
            self._stack.pop()
            event["stop"] = len(self.events)
        event["macs"] = _halved(before, self._flops())
        if layer_class(module) is not None:
            for tensor in tensors_in(output):
                if self.edges.of(tensor) in given:  # the layer returned its input: what follows reads the layer
                    self.edges.add(tensor, "node", number)
        event["output"] = encode(output, self.edges.of)
        return output

    def _name(self, module: nn.Module) -> Any:
        """The qualified name, or the number of a module that is registered nowhere below the root."""
        name = self._names.get(id(module))
        if name is not None:
            return name
        for number, other in enumerate(self.outside):
            if other is module:
                return number
        self.outside.append(module)
        return len(self.outside) - 1

    # ---- functions ----------------------------------------------------------------------------------------------

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = _name_of(func)
        if name is None:
            return func(*args, **kwargs)
        encoded = encode(args, self.edges.of), encode(kwargs, self.edges.of)
        before = self._flops()
        try:
            output = func(*args, **kwargs)
        except BaseException:
            if self.failed is None:
                self.failed = self._add(self._function(name, *encoded))
            raise
        made = list(tensors_in(output))
        if made and not (name.endswith(".__get__") and all(map(self.edges.knows, made))):
            event = self._function(name, *encoded)
            event["macs"] = _halved(before, self._flops())
            number = self._add(event)
            for tensor in made:
                self.edges.add(tensor, "node", number)
            event["output"] = encode(output, self.edges.of)
        return output

    def _function(self, name: str, args: Any, kwargs: Any) -> Event:
        parent = self._stack[-1] if self._stack else -1
        return {"kind": "function", "name": name, "parent": parent, "args": args, "kwargs": kwargs, "at": here()}

    def _add(self, event: Event) -> int:
        if len(self.events) >= _MOST_EVENTS:
            raise TooLong(f"more than {_MOST_EVENTS:,} calls in one forward pass")
        self.events.append(event)
        return len(self.events) - 1


def _halved(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Multiply-adds by kernel between two readings of the counter."""
    gained = {kernel: flops - before.get(kernel, 0) for kernel, flops in after.items()}
    return {kernel: flops // 2 for kernel, flops in gained.items() if flops}


class TooLong(Exception):
    """The run does not end, or nearly so."""


_function_names: dict[Any, str | None] = {}


def _name_of(func: Any) -> str | None:
    """The full name of a torch function or method; ``None`` for what makes no tensor."""
    try:
        known = _function_names.get(func, "")
    except TypeError:
        return None
    if known == "":
        known = _function_names[func] = _resolved(func)
    return known


def _resolved(func: Any) -> str | None:
    name = resolve_name(func) or getattr(func, "__qualname__", None) or getattr(func, "__name__", None)
    if name is None:
        return None
    name = name.removeprefix("torch.Tensor.") if name.startswith("torch.Tensor.") else name
    if name.endswith(".__get__"):
        return f"Tensor.{name}" if name.split(".")[-2] in _TENSOR_PROPERTIES else None
    return f"Tensor.{name}" if "." not in name else str(name)


_TENSOR_PROPERTIES = frozenset({"T", "mT", "H", "mH", "data", "real", "imag"})


_HOLDERS = (nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict)


def layer_class(module: nn.Module) -> str | None:
    """The full name of the torch class whose ``forward`` a module runs unchanged; ``None`` for the user's own."""
    for cls in type(module).__mro__:
        if _of_torch(cls):
            break
        if "forward" in vars(cls):
            return None
    for cls in type(module).__mro__:
        if _of_torch(cls):
            return None if cls in _HOLDERS else public_name(cls)
    return None


def public_name(cls: type) -> str:
    """``torch.nn.Conv2d`` rather than where torch keeps it; ``package.module.Class`` for others."""
    if getattr(nn, cls.__name__, None) is cls:
        return f"torch.nn.{cls.__name__}"
    return f"{cls.__module__}.{cls.__qualname__}"


def is_torchs(module: nn.Module) -> bool:
    """Whether torch defines the module's class."""
    return _of_torch(type(module))


def _of_torch(cls: type) -> bool:
    return cls.__module__ == "torch" or cls.__module__.startswith("torch.")
