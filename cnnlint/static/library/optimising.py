"""Optimizers and learning-rate schedulers as a running program sees them: what they are called with, and their methods.

Signatures are torch 2.13's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.ops.spec import Refused, Signature
from cnnlint.static.iteration import items_of
from cnnlint.static.library.define import Args, Handler, Kwargs, Table
from cnnlint.static.signals import Raised
from cnnlint.static.values import Class, Instance, ModuleInstance, Native, Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

OPTIMISING = Table()

_EXTRA = "maximize=False, capturable=False, differentiable=False, foreach=None, fused=None"
_OPTIMIZERS = {
    "ASGD": "params, lr=0.01, lambd=0.0001, alpha=0.75, t0=1000000.0, weight_decay=0, foreach=None, maximize=False, "
    "differentiable=False, capturable=False",
    "Adadelta": "params, lr=1.0, rho=0.9, eps=1e-06, weight_decay=0, foreach=None, *, capturable=False, "
    "maximize=False, differentiable=False",
    "Adafactor": "params, lr=0.01, beta2_decay=-0.8, eps=(None, 0.001), d=1.0, weight_decay=0.0, *, foreach=None, "
    "maximize=False",
    "Adagrad": "params, lr=0.01, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, foreach=None, *, "
    "maximize=False, differentiable=False, fused=None",
    "Adam": f"params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, amsgrad=False, *, {_EXTRA}, "
    "decoupled_weight_decay=False",
    "AdamW": f"params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01, amsgrad=False, *, {_EXTRA}",
    "Adamax": "params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, foreach=None, *, maximize=False, "
    "differentiable=False, capturable=False",
    "LBFGS": "params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-07, tolerance_change=1e-09, "
    "history_size=100, line_search_fn=None",
    "Muon": "params, lr=0.001, weight_decay=0.1, momentum=0.95, nesterov=True, "
    "ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-07, ns_steps=5, adjust_lr_fn=None",
    "NAdam": "params, lr=0.002, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, momentum_decay=0.004, "
    "decoupled_weight_decay=False, *, foreach=None, maximize=False, capturable=False, differentiable=False",
    "RAdam": "params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0, decoupled_weight_decay=False, *, "
    "foreach=None, maximize=False, capturable=False, differentiable=False",
    "RMSprop": "params, lr=0.01, alpha=0.99, eps=1e-08, weight_decay=0, momentum=0, centered=False, capturable=False, "
    "foreach=None, maximize=False, differentiable=False",
    "Rprop": "params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50), *, capturable=False, foreach=None, "
    "maximize=False, differentiable=False",
    "SGD": "params, lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, "
    "foreach=None, differentiable=False, fused=None",
    "SparseAdam": "params, lr=0.001, betas=(0.9, 0.999), eps=1e-08, maximize=False",
}  # fmt: skip
_SCHEDULERS = {
    "ChainedScheduler": "schedulers, optimizer=None",
    "ConstantLR": "optimizer, factor=0.3333333333333333, total_iters=5, last_epoch=-1",
    "CosineAnnealingLR": "optimizer, T_max, eta_min=0.0, last_epoch=-1",
    "CosineAnnealingWarmRestarts": "optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1",
    "CyclicLR": "optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode='triangular', gamma=1.0, "
    "scale_fn=None, scale_mode='cycle', cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1",
    "ExponentialLR": "optimizer, gamma, last_epoch=-1",
    "LambdaLR": "optimizer, lr_lambda, last_epoch=-1",
    "LinearLR": "optimizer, start_factor=0.3333333333333333, end_factor=1.0, total_iters=5, last_epoch=-1",
    "MultiStepLR": "optimizer, milestones, gamma=0.1, last_epoch=-1",
    "MultiplicativeLR": "optimizer, lr_lambda, last_epoch=-1",
    "OneCycleLR": "optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, "
    "anneal_strategy='cos', cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0, "
    "final_div_factor=10000.0, three_phase=False, last_epoch=-1",
    "PolynomialLR": "optimizer, total_iters=5, power=1.0, last_epoch=-1",
    "ReduceLROnPlateau": "optimizer, mode='min', factor=0.1, patience=10, threshold=0.0001, threshold_mode='rel', "
    "cooldown=0, min_lr=0, eps=1e-08",
    "SequentialLR": "optimizer, schedulers, milestones, last_epoch=-1",
    "StepLR": "optimizer, step_size, gamma=0.1, last_epoch=-1",
}  # fmt: skip


def _nothing(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return None


def _unknown(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return it.unknown("the state of an optimizer", site)


def _step(signature: Signature) -> Handler:
    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        _bind(signature, "step", args, kwargs)
        return None

    return handler


_COMMON = {
    "state_dict": _unknown, "load_state_dict": _nothing,
}  # fmt: skip
_OPTIMIZER_METHODS = {
    **_COMMON, "step": _step(Signature("self, closure=None")),
    "zero_grad": _step(Signature("self, set_to_none=True")), "add_param_group": _nothing,
    "register_step_post_hook": _unknown, "register_step_pre_hook": _unknown, "profile_hook_step": _unknown,
    "register_state_dict_pre_hook": _unknown, "register_state_dict_post_hook": _unknown,
    "register_load_state_dict_pre_hook": _unknown, "register_load_state_dict_post_hook": _unknown, "train": _nothing,
    "eval": _nothing,
}  # fmt: skip
_SCHEDULER_METHODS = {**_COMMON, "get_last_lr": _unknown, "get_lr": _unknown}
_OPTIMIZER_DATA = ("param_groups", "state", "defaults")
_SCHEDULER_DATA = (
    "optimizer", "last_epoch", "base_lrs", "best", "num_bad_epochs", "mode", "factor", "patience", "gamma", "step_size",
    "T_max", "eta_min", "milestones", "min_lrs", "total_steps", "verbose", "lr_lambdas", "T_0", "T_mult", "T_cur",
    "total_iters", "cooldown", "cooldown_counter", "threshold", "eps", "max_lrs",
)  # fmt: skip


def _class(name: str, methods: dict[str, Handler]) -> Class:
    return Class(name, native={key: Native(f"{name}.{key}", method) for key, method in methods.items()})


def _bind(signature: Signature, name: str, args: Args, kwargs: Kwargs) -> dict[str, Value]:
    try:
        return signature.bind(args, kwargs)
    except Refused as refused:
        raise Raised.by_torch(refused.problem, name) from None


def _optimizer(name: str, signature: Signature) -> Handler:
    cls = _class(name, _OPTIMIZER_METHODS)

    def make(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        given = _bind(signature, name, args, kwargs)["params"]
        _wants_parameters(it, given)
        return Instance(cls, {key: it.unknown("the state of an optimizer", site) for key in _OPTIMIZER_DATA})

    return make


def _wants_parameters(it: Interpreter, given: Value) -> None:
    if isinstance(given, TensorValue):
        text = "params argument given to the optimizer should be an iterable of Tensors or dicts, but got torch.Tensor"
        raise Raised(TypeError, text)
    if isinstance(given, ModuleInstance) and not given.cls.container_kind:
        raise Raised(TypeError, f"{given.cls.name!r} object is not iterable")
    if items_of(it, given) == []:
        raise Raised(ValueError, "optimizer got an empty parameter list")


def _scheduler(name: str, signature: Signature) -> Handler:
    wanted = Signature("self, metrics, epoch=None" if name == "ReduceLROnPlateau" else "self, epoch=None")
    cls = _class(name, {**_SCHEDULER_METHODS, "step": _step(wanted)})

    def make(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        given = _bind(signature, name, args, kwargs).get("optimizer")
        if isinstance(given, ModuleInstance | TensorValue | int | float | str):
            raise Raised(TypeError, f"{type(given).__name__} is not an Optimizer")
        return Instance(cls, {key: it.unknown("the state of a scheduler", site) for key in _SCHEDULER_DATA})

    return make


for _name, _text in _OPTIMIZERS.items():
    OPTIMISING[f"torch.optim.{_name}"] = _optimizer(_name, Signature(_text))
for _name, _text in _SCHEDULERS.items():
    OPTIMISING[f"torch.optim.lr_scheduler.{_name}"] = _scheduler(_name, Signature(_text))
