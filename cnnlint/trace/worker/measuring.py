"""One traced run: the model, its modules, every call with shapes, and the counts of both counters."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from .counting import Whole, count
from .encoding import encode, no_tensors, tensors_in
from .frames import raised_at
from .loading import BUILT_AT, Loaded, made_in_forward, noting_constructions
from .recording import Recorder, is_torchs, layer_class, public_name

Facts = dict[str, Any]


def trace(loaded: Loaded) -> Facts:
    """The graph of one forward pass in eval mode on a copy of the model, without gradients.

    Where the pass raises, the facts hold what ran before it and ``error``."""
    facts: Facts = {"modules": _modules(loaded.model), "type": type(loaded.model).__name__}
    model = _copy(loaded.model).eval().requires_grad_(False)
    names = {id(module): name for name, module in model.named_modules()}
    with FlopCounterMode(display=False) as counter:
        recorder = Recorder(names, lambda: _by_kernel(counter))
        _introduce(recorder, model, loaded)
        output, error = _run(recorder, model, loaded)
    facts["output"] = encode(output, recorder.edges.of)
    facts |= {"events": recorder.events, "edges": recorder.edges.table, "error": error, "failed": recorder.failed}
    facts["outside"] = [_module("", module, set()) for module in recorder.outside]
    facts["made_in_forward"] = [_module("", module, set()) for module in made_in_forward]
    facts["flops"] = int(counter.get_total_flops()) // 2
    return facts


def _by_kernel(counter: FlopCounterMode) -> dict[str, int]:
    return {str(kernel).rpartition(".")[2]: int(flops) for kernel, flops in counter.flop_counts["Global"].items()}


def _introduce(recorder: Recorder, model: nn.Module, loaded: Loaded) -> None:
    for name, parameter in (*model.named_parameters(), *model.named_buffers()):
        recorder.edges.add(parameter, "parameter", name)
    for number, tensor in enumerate(tensors_in([loaded.args, loaded.kwargs])):
        recorder.edges.add(tensor, "input", number)


def _run(recorder: Recorder, model: nn.Module, loaded: Loaded) -> tuple[Any, Facts | None]:
    try:
        with torch.no_grad(), noting_constructions(forward=True), recorder.watching_calls(), recorder:
            return model(*loaded.args, **loaded.kwargs), None
    except BaseException as error:  # noqa: BLE001 - whatever the user's model raises is what is reported
        return None, describe(error)


def describe(error: BaseException) -> Facts:
    """An exception: its type, its text and the innermost place of the user's code that it came through."""
    place = raised_at(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        place = [error.filename, error.lineno, 1, error.lineno, 1]
    return {"type": type(error).__name__, "text": str(error)[:2000], "at": place, "exit": isinstance(error, SystemExit)}


def _copy(model: nn.Module) -> nn.Module:
    try:
        return copy.deepcopy(model)
    except Exception:  # noqa: BLE001 - a model that cannot be copied is run itself; nobody else needs it
        return model


# ---- modules ----------------------------------------------------------------------------------------------------


def _modules(model: nn.Module) -> list[Facts]:
    seen: set[int] = set()
    whole: tuple[str, ...] = ()
    found = []
    for name, module in model.named_modules():
        if whole and name.startswith(whole):
            continue
        if isinstance(module, nn.MultiheadAttention):
            whole += (name + ".",)
        found.append(_module(name, module, seen))
    return found


def _module(name: str, module: nn.Module, seen: set[int]) -> Facts:
    taken_whole = isinstance(module, nn.MultiheadAttention)
    parameters = []
    for key, parameter in module.named_parameters(recurse=taken_whole):
        if id(parameter) not in seen:
            seen.add(id(parameter))
            parameters.append([key, list(map(int, parameter.shape)), parameter.requires_grad])
    layer = layer_class(module)
    prefix = f"{name}." if name else ""
    children = [] if taken_whole else [prefix + key for key, child in module._modules.items() if child is not None]
    return {
        "name": name, "type": type(module).__name__, "path": public_name(type(module)), "torch": is_torchs(module),
        "layer": None if children else layer, "parameters": parameters, "children": children,
        "built_at": vars(module).get(BUILT_AT), "training": module.training,
        "attributes": _attributes(module) if layer and not children else [],
        "tensors": _own_tensors(module) if layer and not children else [],
        "hidden": _hidden(module),
    }  # fmt: skip


def _attributes(module: nn.Module) -> list[Any]:
    return [
        [key, encode(value, no_tensors)]
        for key, value in vars(module).items()
        if not key.startswith("_") and key != "training" and not isinstance(value, (torch.Tensor, nn.Module))
    ]


def _own_tensors(module: nn.Module) -> list[Any]:
    """Parameters and buffers: ``[name, shape or None, is a parameter]``."""
    tables = ((module._parameters, True), (module._buffers, False))
    return [
        [key, None if tensor is None else list(map(int, tensor.shape)), learned]
        for table, learned in tables
        for key, tensor in table.items()
    ]


def _hidden(module: nn.Module) -> list[Any]:
    """Plain lists, tuples and dicts of modules: ``[attribute, container, modules, parameters, frozen]``."""
    registered = {id(parameter) for parameter in module.parameters()}
    found = []
    for key, value in vars(module).items():
        if key.startswith("_") or not isinstance(value, (list, tuple, dict)):
            continue
        held = [item for item in _items(value) if isinstance(item, nn.Module)]
        own = {id(p): p for item in held for p in item.parameters() if id(p) not in registered}
        if held and (own or not any(True for item in held for _ in item.parameters())):
            frozen = all(not parameter.requires_grad for parameter in own.values())
            found.append([key, type(value).__name__, len(held), sum(p.numel() for p in own.values()), frozen])
    return found


def _items(value: Any, depth: int = 0) -> Iterator[Any]:
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (list, tuple, dict)) and depth < 3:
            yield from _items(item, depth + 1)
        else:
            yield item


# ---- fvcore -----------------------------------------------------------------------------------------------------


def counted(loaded: Loaded, device: str) -> Facts:
    """fvcore's tables. Raises what fvcore, the tracer or the model raises."""
    model = _copy(loaded.model).eval().requires_grad_(False)
    tensors = tuple(tensors_in([loaded.args, loaded.kwargs]))

    def call(model: nn.Module, given: tuple[torch.Tensor, ...]) -> Any:
        remaining = iter(given)
        args, kwargs = _filled([loaded.args, loaded.kwargs], remaining)
        return tuple(tensors_in(model(*args, **kwargs)))

    with _quiet():
        return count(Whole(model, call), tensors, device == "meta")


def _filled(value: Any, tensors: Iterator[torch.Tensor]) -> Any:
    """``value`` with its tensors replaced by the next ones."""
    if isinstance(value, torch.Tensor):
        return next(tensors)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_filled(item, tensors) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_filled(item, tensors) for item in value)
    if isinstance(value, dict):
        return {key: _filled(item, tensors) for key, item in value.items()}
    return value


@contextmanager
def _quiet() -> Iterator[None]:
    """Attention by its plain operations: the fused path of eval mode is not traced."""
    backend = getattr(torch.backends, "mha", None)
    before = backend.get_fastpath_enabled() if backend is not None else True
    try:
        if backend is not None:
            backend.set_fastpath_enabled(False)
        yield
    finally:
        if backend is not None:
            backend.set_fastpath_enabled(before)
