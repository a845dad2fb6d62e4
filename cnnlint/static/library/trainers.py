"""Objects that take a training step for the script: Lightning's trainer, Accelerate and Fabric, gradient scalers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from cnnlint.static.iteration import items_of
from cnnlint.static.scriptlog import OptimizerMade, OptimizerStepped
from cnnlint.static.values import MISSING, Class, Function, Instance, ModuleInstance, Native, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Args: TypeAlias = list[Value]
Kwargs: TypeAlias = dict[str, Value]

LIGHTNING = ("lightning.", "pytorch_lightning.")
_HOOKS = ("configure_optimizers", "training_step")
"""What Lightning calls of a module, in this order."""


def make_trainer(path: str, kwargs: Kwargs) -> Value:
    """An instance of the class ``path`` of such a library; ``MISSING`` if it is none."""
    name = path.rpartition(".")[2]
    if path.startswith(LIGHTNING):
        if name in ("Trainer", "Fabric"):
            made = Instance(_CLASSES[name])
            made.attrs["callbacks"] = kwargs.get("callbacks", [])
            return made
        if ".callbacks." in path and "Finetuning" not in name:
            return Instance(_class(name, {}, path))
    if name in _CLASSES and path.startswith(("torch.", "accelerate.")):
        return Instance(_CLASSES[name])
    return MISSING


# ---- Lightning ------------------------------------------------------------------------------------------------------


def take_steps(it: Interpreter, module: ModuleInstance, site: Site) -> None:
    """What Lightning does with a module: its optimizers are made, and step after each ``training_step``."""
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call
    from cnnlint.static.entries import unknown_arguments

    if it.script is None:
        return
    start = len(it.script.entries)
    for name in _HOOKS:
        method = find_in_class(it, module.cls, name)
        if isinstance(method, Function):
            given = unknown_arguments(it, method, site)
            given.pop(method.code.params[0].name if method.code.params else "", None)
            call(it, method, [module], given, site)
    made = [entry.optimizer for entry in it.script.entries[start:] if isinstance(entry, OptimizerMade)]
    if module.attrs.get("automatic_optimization", True) is True:
        for optimizer in made:
            it.script.add(OptimizerStepped(optimizer, site, it.script.certain(it)))


def _fit(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``trainer.fit(model)``. A callback of the program may do anything to the model."""
    model = args[1] if len(args) > 1 else kwargs.get("model")
    if it.script is None or not isinstance(model, ModuleInstance):
        return None
    callbacks = items_of(it, args[0].attrs.get("callbacks") or [])
    if callbacks is None or not all(_is_lightning(callback) for callback in callbacks):
        it.script.escaped.add(id(model))
    take_steps(it, model, site)
    return None


def _is_lightning(callback: Value) -> bool:
    return isinstance(callback, Instance) and callback.cls.path.startswith(LIGHTNING)


# ---- scalers, Accelerate, Fabric ------------------------------------------------------------------------------------


def _step(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``scaler.step(optimizer)``."""
    optimizer = args[1] if len(args) > 1 else kwargs.get("optimizer")
    if it.script is not None and isinstance(optimizer, Instance):
        it.script.add(OptimizerStepped(optimizer, site, it.script.certain(it)))
    return None


def _handed_back(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``prepare(model, optimizer, loader)``: the same objects, wrapped."""
    given = args[1:]
    return given[0] if len(given) == 1 else tuple(given)


def _nothing(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return None


Method: TypeAlias = "Callable[[Interpreter, Args, Kwargs, Site], Value]"


def _class(name: str, methods: dict[str, Method], path: str = "") -> Class:
    natives: dict[str, Value] = {key: Native(f"{name}.{key}", method) for key, method in methods.items()}
    made = Class(name, path=path or name, native=natives)
    made.traits.add("unresolved")
    return made


_CLASSES = {
    "Trainer": _class("Trainer", {"fit": _fit}),
    "Fabric": _class("Fabric", {"setup": _handed_back, "backward": _nothing, "launch": _nothing}),
    "Accelerator": _class(
        "Accelerator", {"prepare": _handed_back, "unwrap_model": _handed_back, "backward": _nothing}
    ),
    "GradScaler": _class(
        "GradScaler", {"scale": _handed_back, "step": _step, "unscale_": _nothing, "update": _nothing}
    ),
}  # fmt: skip
