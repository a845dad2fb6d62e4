"""ScriptView: what the code around models does, in program order. Transfer-learning and loss rules read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cnnlint.graph.dims import Dim, Shape
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.span import Span


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """One parameter of a model in the script: ``model`` is the model's number, ``name`` as ``named_parameters``."""

    model: int
    name: str
    count: Dim | None


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model that the script builds. ``architecture`` is the builder's or class's name; ``pretrained`` whether weights
    were asked for (``None``: unknown); ``graph`` is there when the model was read. ``opaque`` models come from a
    library that is not read: nothing is known of their parameters but what the script says."""

    number: int
    architecture: str
    path: str
    pretrained: bool | None
    opaque: bool
    graph: ModelGraph | None
    span: Span


@dataclass(frozen=True, slots=True)
class Frozen:
    """``requires_grad`` set. ``targets`` are prefixes of parameter names (``""``: all of the model)."""

    model: int
    targets: tuple[str, ...]
    trainable: bool
    parameters: Dim | None
    span: Span
    assigned_on_module: bool = False
    """``module.requires_grad = False``, which does nothing."""


@dataclass(frozen=True, slots=True)
class HeadReplaced:
    """``model.fc = nn.Linear(...)``: ``attribute`` is the dotted path below the model, index included."""

    model: int
    attribute: str
    type: str
    in_features: Dim | None
    out_features: Dim | None
    parameters: Dim | None
    existed: bool | None
    """Whether the model had that attribute before (``None``: unknown)."""
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """A parameter group of an optimizer. ``targets`` are module prefixes in the order of the source; ``filtered`` is
    whether only parameters with ``requires_grad`` were taken."""

    model: int
    targets: tuple[str, ...]
    lr: float | None
    parameters: Dim | None
    trainable: Dim | None
    filtered: bool
    span: Span


@dataclass(frozen=True, slots=True)
class OptimizerBuilt:
    """An optimizer over parameter groups."""

    type: str
    lr: float | None
    groups: tuple[Group, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ModeSet:
    """``train()`` or ``eval()`` on a model or a part of it."""

    model: int
    target: str
    training: bool
    span: Span


@dataclass(frozen=True, slots=True)
class LossApplied:
    """A loss on a value that a model returned. ``loss`` is torch's name (``cross_entropy``, ``nll_loss``, ``bce``,
    ``bce_with_logits``…); ``returned`` is the operation names from the last parametrised layer on, last first;
    ``shape`` the value's shape."""

    loss: str
    model: int
    returned: tuple[str, ...]
    shape: Shape | None
    span: Span
    producer: Span | None = None


Event: TypeAlias = Frozen | HeadReplaced | OptimizerBuilt | ModeSet | LossApplied


@dataclass(frozen=True)
class ScriptView:
    """One scope of a file: its models and what happens to them, in order."""

    path: str
    models: tuple[ModelRef, ...] = ()
    events: tuple[Event, ...] = ()
    modules_with_batchnorm: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By model: names of the modules that hold batch normalisation."""
