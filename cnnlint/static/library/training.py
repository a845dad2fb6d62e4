"""What training scripts call: optimizers, networks of torchvision, Lightning's module."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cnnlint.graph.architectures import architectures
from cnnlint.static.iteration import items_of
from cnnlint.static.library.trainers import make_trainer
from cnnlint.static.scriptlog import (
    GroupGiven,
    GroupJoined,
    OptimizerHanded,
    OptimizerMade,
    OptimizerStepped,
    ScriptLog,
)  # fmt: skip
from cnnlint.static.values import (
    MISSING,
    Class,
    Descriptor,
    External,
    Instance,
    Native,
    Site,
    TensorValue,
    Unknown,
    Value,
    births,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Args: TypeAlias = list[Value]
Kwargs: TypeAlias = dict[str, Value]

DEFAULT_LR = {
    "SGD": 1e-3, "Adam": 1e-3, "AdamW": 1e-3, "NAdam": 2e-3, "RAdam": 1e-3, "Adamax": 2e-3, "RMSprop": 1e-2,
    "Adagrad": 1e-2, "Adadelta": 1.0, "ASGD": 1e-2, "Rprop": 1e-2, "SparseAdam": 1e-3, "LBFGS": 1.0, "Adafactor": 1e-2,
    "Muon": 1e-3,
}  # fmt: skip
"""torch's optimizers and the learning rate each takes where none is given (torch 2.13)."""


def _lightning_module() -> Class:
    from cnnlint.static.externals import MODULE

    made = Class("LightningModule", (MODULE,), path="lightning.LightningModule")
    made.traits.add("unresolved")
    return made


LIGHTNING_MODULE = _lightning_module()
_HOMES = ("lightning", "pytorch_lightning", "lightning.pytorch", "pytorch_lightning.core", "lightning.pytorch.core")
LIGHTNING: dict[str, Class] = {f"{home}.LightningModule": LIGHTNING_MODULE for home in _HOMES}


def call_library(it: Interpreter, log: ScriptLog, path: str, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """What calling the library function ``path`` gives in a script; ``MISSING`` if it is none of ours."""
    home, _, name = path.rpartition(".")
    if name in DEFAULT_LR and home.startswith("torch.optim"):
        return _optimizer(it, log, name, args, kwargs, site)
    if home.startswith("torchvision.models"):
        if name == "get_model" and args and isinstance(args[0], str):
            name, args = args[0], args[1:]
        return _network(it, log, name, args, kwargs, site)
    trainer = make_trainer(path, kwargs)
    if trainer is not MISSING:
        return trainer
    texts = [arg for arg in args[:2] if isinstance(arg, str)]
    if path == "torch.hub.load" and len(texts) == 2 and texts[0].partition(":")[0] == "pytorch/vision":
        return _network(it, log, texts[1], args[2:], kwargs, site)
    return MISSING


def _network(it: Interpreter, log: ScriptLog, name: str, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.pretrained import build_network

    architecture = architectures().get(name)
    if architecture is None:
        return MISSING
    model = build_network(it, architecture, kwargs.get("num_classes", 1000), site)
    log.architectures[id(model)] = architecture
    log.finished[id(model)] = births()
    log.touched[id(model)] = model
    log.pretrained[id(model)] = _pretrained(args, kwargs)
    return model


def _pretrained(args: Args, kwargs: Kwargs) -> bool | None:
    for value in (kwargs.get("weights"), kwargs.get("pretrained"), *args[:1]):
        if isinstance(value, External | str) or value is True:
            return True
        if isinstance(value, Unknown):
            return None
    return False


# ---- optimizers -----------------------------------------------------------------------------------------------------


def _optimizer(it: Interpreter, log: ScriptLog, name: str, args: Args, kwargs: Kwargs, site: Site) -> Value:
    cls = Class(name, path=f"torch.optim.{name}", native={**_METHODS, "param_groups": _PARAM_GROUPS})
    cls.traits.add("unresolved")
    made = Instance(cls)
    lr = _rate(args[1] if len(args) > 1 else kwargs.get("lr", DEFAULT_LR[name]))
    given = args[0] if args else kwargs.get("params")
    items = items_of(it, given) if not isinstance(given, TensorValue) else [given]
    if items and all(isinstance(item, dict) for item in items):
        groups, single = [_group(it, item, lr) for item in items if isinstance(item, dict)], False
    else:
        groups, single = [_given(items, lr)], True
    log.add(OptimizerMade(made, name, lr, groups, single, site, log.certain(it)))
    return made


def _rate(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _group(it: Interpreter, group: dict[str, Value], lr: float | None) -> GroupGiven:
    given = group.get("params")
    items = None if it.haze(group) else [given] if isinstance(given, TensorValue) else items_of(it, given)
    return _given(items, _rate(group["lr"]) if "lr" in group else lr)


def _given(items: list[Value] | None, lr: float | None) -> GroupGiven:
    """Parameters, or pairs of name and parameter."""
    plain = [item[1] if isinstance(item, tuple) and len(item) == 2 else item for item in items or ()]
    tensors = [item for item in plain if isinstance(item, TensorValue)]
    return GroupGiven(tensors, lr, items is not None and len(tensors) == len(plain))


def _step(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if it.script is not None:
        it.script.add(OptimizerStepped(args[0], site, it.script.certain(it)))
    return None


def _add_group(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    group = args[1] if len(args) > 1 else kwargs.get("param_group")
    given = _group(it, group, None) if isinstance(group, dict) else GroupGiven([], None, False)
    if it.script is not None:
        it.script.add(GroupJoined(args[0], given, site, it.script.certain(it)))
    return None


def _param_groups(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if it.script is not None:
        it.script.add(OptimizerHanded(args[0], "param_groups", site))
    return it.unknown("the groups of an optimizer", site)


def _nothing(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return None


_METHODS = {
    f"{name}": Native(f"Optimizer.{name}", method)
    for name, method in (
        ("step", _step), ("add_param_group", _add_group), ("zero_grad", _nothing), ("load_state_dict", _nothing),
    )
}  # fmt: skip
_PARAM_GROUPS = Descriptor("property", Native("Optimizer.param_groups", _param_groups))
