"""Networks of torchvision whose source is not at hand, from the table of architectures.

Children by name, heads layer by layer, ResNets parameter by parameter; other blocks hold one parameter ``*`` of the
right size. Called, a network is one opaque step in front of its head."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from cnnlint.graph.architectures import Architecture, Block, head_layers
from cnnlint.graph.dims import BATCH
from cnnlint.graph.model import Origin, Tensor
from cnnlint.graph.operations import Opaque
from cnnlint.static.values import Class, ModuleInstance, Native, Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

NORMS = "batch normalisations"
"""The attribute under which a block that is known by its counts keeps how many batch normalisations it holds."""

_RESNETS = {
    "resnet18": ((2, 2, 2, 2), 1, 0), "resnet34": ((3, 4, 6, 3), 1, 0), "resnet50": ((3, 4, 6, 3), 64, 1),
    "resnet101": ((3, 4, 23, 3), 64, 1), "resnet152": ((3, 8, 36, 3), 64, 1), "resnext50_32x4d": ((3, 4, 6, 3), 4, 32),
    "resnext101_32x8d": ((3, 4, 23, 3), 8, 32), "resnext101_64x4d": ((3, 4, 23, 3), 4, 64),
    "wide_resnet50_2": ((3, 4, 6, 3), 128, 1), "wide_resnet101_2": ((3, 4, 23, 3), 128, 1),
}  # fmt: skip
"""Blocks a stage, width a group, and groups (0: basic blocks), as in torchvision/models/resnet.py."""


def build_network(it: Interpreter, architecture: Architecture, classes: Value, site: Site) -> ModuleInstance:
    """The network as a module of whose forward pass only the head is known."""
    model = _module(architecture.type, site, _forward(architecture))
    for name, count in architecture.own:
        _parameter(model, name, (count,))
    for block in architecture.blocks:
        if block.head:
            child = _head(it, block, classes, site)
        elif architecture.name in _RESNETS and block.name.startswith("layer"):
            child = _stage(it, _RESNETS[architecture.name], int(block.name[-1]), site)
        elif architecture.type == "ResNet" and block.name == "conv1":
            child = _conv(it, 3, 64, 7, 1, site)
        elif architecture.type == "ResNet" and block.name == "bn1":
            child = _norm(it, 64, site)
        else:
            child = _counted(block, _features(architecture), site)
        model.modules[block.name] = child
    return model


_MAPS = {"vgg": (512, 7, 7), "alexnet": (256, 6, 6)}
"""What stands before the heads that are named after their network, ``(C, *sizes)``."""


def _features(architecture: Architecture) -> tuple[int, ...] | None:
    """What the network pools its map to, ``(C, *sizes)``, where the head takes that."""
    layout, *widths = next(block.head for block in architecture.blocks if block.head).split("-")
    return _MAPS.get(layout) or ((int(widths[0]), 1, 1) if widths else None)


def _forward(architecture: Architecture) -> Native:
    """``forward``: whatever it is that makes the features, then the head as it stands."""
    block = next(block for block in architecture.blocks if block.head)
    features = _features(architecture)

    def forward(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        from cnnlint.static.calls import call

        model, *given = args
        head = model.modules.get(block.name)
        if not given or not isinstance(given[0], TensorValue) or features is None or head is None:
            return it.unknown(f"{architecture.name} is not read", site)
        if it.training and any(name in model.modules for name in ("aux1", "AuxLogits")):
            return it.unknown(f"{architecture.name} returns auxiliary scores in training", site)
        sizes = features if block.head.startswith("norm-") else (prod(features),)
        return call(it, head, [_made(it, architecture.name, given[0], sizes, site)], {}, site)

    return Native("forward", forward)


def _block(name: str, sizes: tuple[int, ...] | None) -> Native:
    """The forward pass of a block that is known by its counts: a map, of size ``sizes`` behind the last pool."""

    def forward(it: Interpreter, args: list[Value], kwargs: dict[str, Value], site: Site) -> Value:
        if len(args) != 2 or not isinstance(args[1], TensorValue):
            return it.unknown(f"{name} is not read", site)
        return _made(it, name, args[1], sizes if name == "avgpool" else None, site)

    return Native("forward", forward)


def _made(it: Interpreter, name: str, given: TensorValue, sizes: tuple[int, ...] | None, site: Site) -> TensorValue:
    """The result of an opaque step on ``given``."""
    batch = given.shape[0] if given.shape else BATCH
    return it.recorder.add(Opaque(name), [given], None if sizes is None else (batch, *sizes), "float32", site)


def _module(name: str, site: Site, forward: Native | None = None) -> ModuleInstance:
    from cnnlint.static.externals import MODULE

    native: dict[str, Value] = {"forward": forward or _block(name, None)}
    cls = Class(name, (MODULE,), path=f"torchvision.models.{name}", native=native)
    cls.traits.add("unresolved")
    made = ModuleInstance(cls, site)
    made.initialised = True
    return made


def _parameter(module: ModuleInstance, name: str, shape: tuple[int, ...]) -> None:
    made = TensorValue(Tensor(shape, "float32", Origin.PARAMETER, -1, name))
    made.trainable = True
    module.params[name] = made


def _counted(block: Block, features: tuple[int, ...] | None, site: Site) -> ModuleInstance:
    made = _module(block.name, site, _block(block.name, features))
    if block.parameters:
        _parameter(made, "*", (block.parameters,))
    made.attrs[NORMS] = block.norms
    return made


def _layer(it: Interpreter, name: str, args: list[Value], site: Site, **kwargs: Value) -> ModuleInstance:
    from cnnlint.static.calls import call
    from cnnlint.static.externals import external

    made: ModuleInstance = call(it, external(f"torch.nn.{name}"), args, kwargs, site)
    return made


def _conv(it: Interpreter, inner: int, outer: int, size: int, groups: int, site: Site) -> ModuleInstance:
    return _layer(it, "Conv2d", [inner, outer, size], site, groups=groups, bias=False)


def _norm(it: Interpreter, width: int, site: Site) -> ModuleInstance:
    return _layer(it, "BatchNorm2d", [width], site)


def _head(it: Interpreter, block: Block, classes: Value, site: Site) -> ModuleInstance:
    parts: list[tuple[str, ModuleInstance]] = []
    for name, kind, arguments in head_layers(block, "K"):
        known: dict[str, Value] = {"K": classes, "False": False}
        given = [known[text] if text in known else int(text) for text in arguments]
        parts.append((name, _layer(it, kind, given, site)))
    if block.head.startswith("linear-"):
        return parts[0][1]
    made = _layer(it, "Sequential", [], site)
    made.modules.update(parts)
    return made


def _stage(it: Interpreter, plan: tuple[tuple[int, ...], int, int], stage: int, site: Site) -> ModuleInstance:
    """``layer1`` to ``layer4`` of a ResNet."""
    depths, group_width, groups = plan
    planes = 64 << (stage - 1)
    expansion = 4 if groups else 1
    outer = planes * expansion
    inner = 64 if stage == 1 else planes * expansion // 2
    made = _layer(it, "Sequential", [], site)
    for index in range(depths[stage - 1]):
        width = planes * group_width * groups // 64
        sizes = [(inner, width, 1, 1), (width, width, 3, groups), (width, outer, 1, 1)] if groups else [
            (inner, planes, 3, 1), (planes, planes, 3, 1),
        ]  # fmt: skip
        block = _module("Bottleneck" if groups else "BasicBlock", site)
        for number, (read, written, size, split) in enumerate(sizes, 1):
            block.modules[f"conv{number}"] = _conv(it, read, written, size, split, site)
            block.modules[f"bn{number}"] = _norm(it, written, site)
        if index == 0 and (stage > 1 or inner != outer):
            shortcut = _layer(it, "Sequential", [], site)
            shortcut.modules.update({"0": _conv(it, inner, outer, 1, 1, site), "1": _norm(it, outer, site)})
            block.modules["downsample"] = shortcut
        made.modules[str(index)] = block
        inner = outer
    return made
