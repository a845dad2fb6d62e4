"""What a script does to its models, written down as it happens. :mod:`cnnlint.static.scriptview` makes events of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cnnlint.graph.architectures import Architecture, architectures
from cnnlint.graph.dims import Dim
from cnnlint.static.values import (
    MISSING,
    External,
    Function,
    Instance,
    ModelOutput,
    ModuleInstance,
    OutputStep,
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

LOSSES = {
    "CrossEntropyLoss": "cross_entropy", "NLLLoss": "nll_loss", "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
}  # fmt: skip
"""Loss classes, and the functions they call."""
APPLIED = {
    "Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "LogSigmoid": "logsigmoid", "ReLU": "relu",
    "ReLU6": "relu6", "Dropout": "dropout", "Tanh": "tanh", "Softmax2d": "softmax", "Flatten": "flatten",
}  # fmt: skip
"""Layers that a script may put between model and loss, and the functions they call."""
ACTIVATIONS = frozenset({*APPLIED.values(), "hardsigmoid", "clamp", "softplus", "exp", "log", "abs"}) - {"flatten"}
SHAPING = frozenset({
    "squeeze", "unsqueeze", "view", "reshape", "flatten", "float", "double", "half", "bfloat16", "to", "cuda", "cpu",
    "contiguous", "type_as", "type", "clone",
})  # fmt: skip
"""Functions that leave every value as it is."""
HARMLESS = ("torch.", "torchsummary.", "torchinfo.", "wandb.", "builtins.", "tqdm.", "numpy.")
"""Libraries that do nothing to a model they are handed."""


@dataclass(slots=True)
class GradSet:
    parameters: list[TensorValue]
    trainable: bool | None
    site: Site
    certain: bool


@dataclass(slots=True)
class FlagSet:
    module: ModuleInstance
    value: bool
    site: Site
    certain: bool


@dataclass(slots=True)
class PartReplaced:
    owner: ModuleInstance
    name: str
    old: ModuleInstance | None
    new: ModuleInstance
    heads: tuple[tuple[str, Dim], ...]
    site: Site
    certain: bool


@dataclass(slots=True)
class GroupGiven:
    parameters: list[TensorValue]
    lr: float | None
    known: bool


@dataclass(slots=True)
class OptimizerMade:
    optimizer: Instance
    type: str
    lr: float | None
    groups: list[GroupGiven]
    single: bool
    site: Site
    certain: bool


@dataclass(slots=True)
class GroupJoined:
    optimizer: Instance
    group: GroupGiven
    site: Site
    certain: bool


@dataclass(slots=True)
class OptimizerHanded:
    optimizer: Instance
    by: str
    site: Site


@dataclass(slots=True)
class OptimizerStepped:
    optimizer: Instance
    site: Site
    certain: bool


@dataclass(slots=True)
class ModeChanged:
    module: ModuleInstance
    training: bool | None
    site: Site
    certain: bool


@dataclass(slots=True)
class LossCalled:
    output: ModelOutput
    loss: str
    site: Site
    callee: Site | None


Entry: TypeAlias = (
    GradSet | FlagSet | PartReplaced | OptimizerMade | GroupJoined | OptimizerHanded | OptimizerStepped | ModeChanged
    | LossCalled
)  # fmt: skip


@dataclass
class ScriptLog:
    """The record of one file's scripts. Nothing is written while a model runs."""

    entries: list[Entry] = field(default_factory=list)
    forks: int = 0
    """How many branches that may not be taken are open. A loop of unknown length is none: it is taken to run."""
    touched: dict[int, ModuleInstance] = field(default_factory=dict)
    pretrained: dict[int, bool | None] = field(default_factory=dict)
    """By model: whether weights were loaded."""
    architectures: dict[int, Architecture] = field(default_factory=dict)
    """By model: what it is in the table of architectures."""
    escaped: set[int] = field(default_factory=set)
    """Models that were handed to something that is not read."""
    finished: dict[int, int] = field(default_factory=dict)
    """By network of a program or library: the number of the first object made after it."""
    wrapped: set[int] = field(default_factory=set)
    """Models in a ``DataParallel``."""
    unsettled: set[int] = field(default_factory=set)
    """Parameters of which it is not known whether they are trained."""

    # ---- parameters -----------------------------------------------------------------------------------------------

    def requires_grad(self, it: Interpreter, parameters: list[TensorValue], wanted: Value, site: Site) -> None:
        """``requires_grad`` is set on parameters."""
        trained = [parameter for parameter in parameters if parameter.trainable is not None]
        if not trained or it.recorder.running:
            return
        trainable = wanted if isinstance(wanted, bool) else None
        certain = self._certain(it)
        for parameter in trained:
            (self.unsettled.discard if certain and trainable is not None else self.unsettled.add)(id(parameter))
        self.entries.append(GradSet(trained, trainable, site, certain))

    def settled(self, parameter: TensorValue) -> bool:
        """Whether it is known if the parameter is trained."""
        return id(parameter) not in self.unsettled

    def listed(
        self, it: Interpreter, module: ModuleInstance, pairs: list[tuple[str, Value]], named: bool
    ) -> list[Value]:
        """What ``parameters()`` or ``named_parameters()`` gives. Parameters of blocks known by count have no names."""
        self._touch(module)
        if not named:
            return [parameter for _, parameter in pairs]
        return [(it.unknown("the name of a parameter") if "*" in name else name, value) for name, value in pairs]

    # ---- modules --------------------------------------------------------------------------------------------------

    def built(self, it: Interpreter, module: ModuleInstance) -> None:
        """A module is made; one that no other's ``__init__`` makes may be a model."""
        if not it.recorder.running and not it.recorder.initialising:
            self._touch(module)
            if module.cls.statement is not None:
                self.finished[id(module)] = births()

    def attribute_set(self, it: Interpreter, module: ModuleInstance, name: str, value: Value, site: Site) -> None:
        """``module.name = value``."""
        if it.recorder.running:
            return
        if name == "requires_grad" and isinstance(value, bool):
            self._touch(module)
            self.entries.append(FlagSet(module, value, site, self._certain(it)))
        if not isinstance(value, ModuleInstance):
            return
        old = module.modules.get(name)
        heads = self._heads(module)
        if (isinstance(old, ModuleInstance) and old is not value) or (heads and name not in module.modules):
            self._touch(module)
            self.entries.append(PartReplaced(module, name, old, value, heads, site, self._certain(it)))

    def _heads(self, module: ModuleInstance) -> tuple[tuple[str, Dim], ...]:
        """The last linear layer of a library's model that is changed from outside."""
        if id(module) not in self.architectures:
            return ()
        from cnnlint.static.modules import named_modules

        found: tuple[tuple[str, Dim], ...] = ()
        for name, part in named_modules(None, module):  # type: ignore[arg-type]  # the evaluator is not asked
            width = part.attrs.get("in_features", part.attrs.get("in_channels"))
            if part.spec is not None and isinstance(width, int):
                found = ((name, width),)
        return found

    def mode_set(self, it: Interpreter, module: ModuleInstance, wanted: Value, site: Site) -> None:
        """``train()`` or ``eval()``."""
        if not it.recorder.running:
            self._touch(module)
            training = wanted if isinstance(wanted, bool) else None
            self.entries.append(ModeChanged(module, training, site, self._certain(it)))

    def loaded(self, it: Interpreter, module: ModuleInstance) -> None:
        """``load_state_dict``."""
        self.pretrained[id(module)] = True if self._certain(it) else None

    def returned(self, function: Function, result: Value) -> None:
        """A function of the program or of a library returned ``result``: torchvision's builders name their networks."""
        if isinstance(result, ModuleInstance) and _is_builder(function):
            self.architectures.setdefault(id(result), architectures()[function.name])
            self.finished.setdefault(id(result), births())

    # ---- calls ----------------------------------------------------------------------------------------------------

    def call_module(self, it: Interpreter, module: ModuleInstance, args: Args, kwargs: Kwargs, site: Site) -> Value:
        """A module is called outside any model."""
        value = args[0] if args else kwargs.get("input")
        if module.spec is not None:
            name = module.spec.name
            if not isinstance(value, ModelOutput):
                return it.unknown("what a layer returns outside a model", site)
            if name in LOSSES:
                self.entries.append(LossCalled(value, LOSSES[name], site, module.built_at))
            if name in APPLIED:
                return self._applied(it, value, APPLIED[name], module.attrs.get("dim"), site)
            return it.unknown(f"what {name} returns outside a model", site)
        self._touch(module)
        return ModelOutput(module, site)

    def call_function(self, it: Interpreter, name: str, args: Args, kwargs: Kwargs, site: Site) -> Value:
        """A function or method of torch on what a model returned."""
        short = name.rpartition(".")[2].rstrip("_")
        if short in LOSSES.values():
            self.entries.append(LossCalled(args[0], short, site, None))
        elif short in SHAPING or short in ACTIVATIONS:
            dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
            return self._applied(it, args[0], short, dim, site)
        return it.unknown(f"what {name} returns outside a model", site)

    def _applied(self, it: Interpreter, value: ModelOutput, name: str, dim: Value, site: Site) -> Value:
        return value.then(OutputStep("op", name, site, dim if isinstance(dim, int) else None))

    def call_unknown(self, it: Interpreter, callee: Unknown, args: Args, kwargs: Kwargs, site: Site) -> Value:
        """Something that is not read is called; or a method of what a model returned."""
        from cnnlint.static.calls import call_unknown

        if isinstance(callee, ModelOutput):
            if callee.steps and callee.steps[-1].kind == "attr":
                value = ModelOutput(callee.model, callee.site, callee.steps[:-1])
                return self.call_function(it, f"Tensor.{callee.steps[-1].name}", [value, *args], kwargs, site)
            callee = callee.bare()
        self._handed([*args, *kwargs.values()], "", site)
        return call_unknown(it, callee, args, site)

    def call_external(self, it: Interpreter, callee: External, args: Args, kwargs: Kwargs, site: Site) -> Value:
        """A library is called: optimizers, networks of torchvision; ``MISSING`` for anything else."""
        from cnnlint.static.library.training import call_library

        if it.recorder.running:
            return MISSING
        found = call_library(it, self, callee.path, args, kwargs, site)
        if found is MISSING:
            self._handed([*args, *kwargs.values()], callee.path, site)
        return found

    def _handed(self, values: list[Value], by: str, site: Site) -> None:
        for value in values:
            if isinstance(value, ModuleInstance) and not by.startswith(HARMLESS):
                self.escaped.add(id(value))
            elif isinstance(value, Instance) and value.cls.path.startswith("torch.optim."):
                self.entries.append(OptimizerHanded(value, by, site))

    # ---- helpers --------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Forget what was recorded; another scope begins."""
        self.entries, self.forks, self.touched = [], 0, {}

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)

    def certain(self, it: Interpreter) -> bool:
        """Whether what happens now happens in every run."""
        return self._certain(it)

    def _certain(self, it: Interpreter) -> bool:
        return it.certain and not self.forks

    def _touch(self, module: ModuleInstance) -> None:
        self.touched[id(module)] = module


def _is_builder(function: Function) -> bool:
    """Whether this is one of the functions in torchvision's own files that build a network."""
    index = function.env.index
    return index is not None and "torchvision/models/" in index.text.path and function.name in architectures()
