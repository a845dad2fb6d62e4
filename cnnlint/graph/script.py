"""ScriptView: what the code around networks does, in program order. Transfer-learning and loss rules read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cnnlint.graph.dims import Dim, Shape
from cnnlint.graph.model import Failure, ModelGraph
from cnnlint.graph.span import Span


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """One parameter of a model in the script. ``serial`` tells it from any other parameter, also from one that had
    the same name before; ``name`` is as in ``named_parameters``; ``model`` is the model's number."""

    serial: int
    model: int
    name: str
    count: Dim | None


@dataclass(frozen=True, slots=True)
class NormRef:
    """A batch normalisation with running statistics, in a model of the script. ``parameters`` are serial numbers;
    ``count`` is how many layers it stands for (blocks that are not read are known by their counts)."""

    name: str
    parameters: frozenset[int]
    count: int = 1


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model that the script builds.

    ``architecture`` is the builder's or class's name; ``pretrained`` whether weights were loaded (``None``: unknown);
    ``parameters`` are those the model ends up with, in the order of ``parameters()``; ``children`` the names of its
    direct children in order. ``complete`` is false where parts of the model are not known."""

    number: int
    architecture: str
    pretrained: bool | None
    complete: bool
    parameters: tuple[ParameterRef, ...]
    children: tuple[str, ...]
    norms: tuple[NormRef, ...]
    keeps_mode: bool
    """Whether a class of the user's in it overrides ``train()``."""
    later: frozenset[int]
    """The parameters, by serial number, of parts that were made after the network they stand in: heads, adapters."""
    span: Span | None


@dataclass(frozen=True, slots=True)
class RequiresGrad:
    """``requires_grad`` of parameters is set; ``trainable`` is ``None`` where the value is not known. ``certain`` is
    false in code that may not run."""

    parameters: tuple[ParameterRef, ...]
    trainable: bool | None
    span: Span
    certain: bool = True


@dataclass(frozen=True, slots=True)
class ModuleFlagSet:
    """``module.requires_grad = value`` on a module, which sets a plain attribute. ``parameters`` is the module's
    number of parameters."""

    model: int
    target: str
    type: str
    value: bool
    parameters: Dim | None
    span: Span
    receiver: str
    """The source text of the module."""
    statement: Span | None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class HeadReplaced:
    """``model.fc = nn.Linear(...)``: ``attribute`` is the name below ``owner``, an index as text.

    ``in_features`` and ``expected`` are what the first linear or convolutional layer of the new and of the old part
    read; ``existed`` is whether the model had that attribute; ``heads`` names the parts that hold the model's own
    head (``fc``, ``classifier.6``), with what each reads, where the architecture is known."""

    model: int
    owner: str
    """Qualified name of the module that holds the attribute."""
    attribute: str
    type: str
    in_features: Dim | None
    expected: Dim | None
    existed: bool
    heads: tuple[tuple[str, Dim], ...]
    removed: tuple[ParameterRef, ...]
    added: tuple[ParameterRef, ...]
    span: Span
    built_at: Span | None
    """Where the new part is built, if it is one of torch's layers."""
    architecture: str
    """The builder's name in torchvision; empty for any other model."""
    called: bool
    """Whether the file itself calls something of the attribute's name."""
    receiver: str
    """The source text of the module that is assigned to; empty for ``model.classifier[6] = ...``."""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A parameter group of an optimizer: ``parameters`` in the order given. ``known`` is false where some are not.
    ``receiver`` is the source text of ``m`` in ``m.parameters()``, empty where the group is given otherwise."""

    parameters: tuple[ParameterRef, ...]
    lr: float | None
    known: bool
    span: Span
    receiver: str = ""


@dataclass(frozen=True, slots=True)
class OptimizerBuilt:
    """An optimizer over parameter groups; ``type`` is torch's class name. ``lr`` is ``None`` where it is not known;
    ``single`` is whether it was given parameters, not groups."""

    number: int
    type: str
    lr: float | None
    groups: tuple[Group, ...]
    single: bool
    span: Span
    certain: bool = True


@dataclass(frozen=True, slots=True)
class GroupAdded:
    """``optimizer.add_param_group({...})``."""

    optimizer: int
    group: Group
    span: Span
    certain: bool = True


@dataclass(frozen=True, slots=True)
class OptimizerUsed:
    """An optimizer is handed to something else: a learning-rate scheduler, a trainer. ``by`` is its full name."""

    optimizer: int
    by: str
    span: Span


@dataclass(frozen=True, slots=True)
class Stepped:
    """``optimizer.step()``."""

    optimizer: int
    span: Span
    certain: bool = True


@dataclass(frozen=True, slots=True)
class ModeSet:
    """``train()`` or ``eval()`` on a model or a part of it (``target``, ``""`` for the model); ``training`` is ``None``
    where it is not known. ``receiver`` is the source text of the module."""

    model: int
    target: str
    training: bool | None
    span: Span
    receiver: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """One operation between a model's last layer and a loss. ``kind`` is the class name of the operation in
    :mod:`cnnlint.graph.operations`; ``dim`` and ``size`` are a softmax's axis and the size along it."""

    name: str
    kind: str
    dim: int | None
    size: Dim | None
    shape: Shape | None
    span: Span
    layer: str = ""


@dataclass(frozen=True, slots=True)
class LossApplied:
    """A loss on a value that a model returned in training. ``loss`` is the name in ``torch.nn.functional``; ``steps``
    are the operations from the loss back to ``last``, the model's last convolutional or linear layer (``None`` if the
    chain does not lead to one); ``shape`` is the shape of what the loss reads."""

    loss: str
    model: int
    graph: ModelGraph
    steps: tuple[Step, ...]
    last: Step | None
    shape: Shape | None
    span: Span
    callee: Span | None = None
    """The loss's construction, or the function's name in a functional call."""
    functional: bool = False
    """Whether it is a functional call."""


Event: TypeAlias = (
    RequiresGrad | ModuleFlagSet | HeadReplaced | OptimizerBuilt | GroupAdded | OptimizerUsed | Stepped | ModeSet
    | LossApplied
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScriptView:
    """One scope of a file (its top-level code, a function or class that nobody calls): its models and what happens to
    them, in order."""

    path: str
    models: tuple[ModelRef, ...] = ()
    events: tuple[Event, ...] = ()
    unfreezes_elsewhere: bool = False
    """Whether the file sets ``requires_grad`` in code that is not part of the events."""
    complete: bool = True
    """Whether the scope was followed to its end."""
    failures: tuple[Failure, ...] = ()
    """Where running the file raises: what follows is not reached."""
