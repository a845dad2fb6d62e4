"""Random programs: a seed becomes the source of a model file, correct or with one planted fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from programs.draft import Draft
from programs.extras import initialise, sprinkle
from programs.features import TRUNKS, Features, stem
from programs.heads import HEADS
from programs.more_trunks import MORE_TRUNKS
from programs.special import SPECIAL, Net

Shape = tuple[int, ...]
_CONSTANT = re.compile(r"[A-Za-z_0-9]+ = ")


@dataclass(frozen=True)
class Program:
    """``target`` names the class or builder to call without arguments, ``inputs`` the shapes for its forward."""

    seed: str
    source: str
    target: str
    inputs: tuple[Shape, ...]
    fault: tuple[str, str, str] | None = None
    """Kind, right text, wrong text."""


def generate(seed: str, faulty: bool | None = None) -> Program:
    """The program of ``seed``. About half of them are given a fault where ``faulty`` does not say."""
    choice = Random(f"{seed}:choice")
    correct = Draft.start(seed)
    program = _write(seed, correct)
    if choice.random() < 0.45 if faulty is None else not faulty:
        return program
    kind = choice.choice(sorted(set(correct.slots)))
    plant = choice.choice([number for number, name in enumerate(correct.slots) if name == kind])
    return _write(seed, Draft.start(seed, plant))


def _write(seed: str, d: Draft) -> Program:
    net = d.choose(SPECIAL)(d) if d.chance(0.35) else _classifier(d)
    target, tail = _ending(d, net)
    body = "\n\n\n".join([*_grouped(_used(d.definitions, net.text)), net.text.strip("\n"), *tail])
    return Program(seed, _habits(d, body), target, net.inputs, d.planted)


def _classifier(d: Draft) -> Net:
    name = d.pick("Net", "Model", "SimpleCNN", "Classifier", "Backbone", "MyNet")
    image = d.pick(1, 3, 3, 3)
    size = d.pick(16, 28, 32, 33)
    f = Features(image, size)
    if d.chance(0.6):
        stem(d, f)
    d.choose(TRUNKS + MORE_TRUNKS)(d, f)
    sprinkle(d, f)
    d.choose(HEADS)(d, f, "num_classes")
    initialise(d, f)
    signature = d.pick("num_classes=10", "num_classes=100", "num_classes: int = 10", "*, num_classes=10")
    inputs = ((d.pick(1, 2, 4), image, size, size),)
    if d.chance(0.2):
        return Net(name, _inherited(d, name, signature, f), inputs)
    text = [f"class {name}(nn.Module):"]
    if d.chance(0.3):
        text.append(
            f'    """{d.pick("A small network.", "Classifies images.", "Baseline model for the experiments.")}"""'
        )
    text += [f"    def __init__(self, {signature}):", f"        {d.super(name)}", *_indent(f.init, 8)]
    for method in f.methods:
        text += ["", *_indent([method], 4)]
    text += ["", "    def forward(self, x):", *_indent(f.forward, 8)]
    return Net(name, "\n".join(text), inputs)


def _inherited(d: Draft, name: str, signature: str, f: Features) -> str:
    """The same net in two classes: the base runs, the subclass builds."""
    hook = d.pick("build", "_build_layers", "setup")
    mixin = d.chance(0.3)
    text = []
    if mixin:
        text += [
            "class CountMixin:",
            "    def num_parameters(self):",
            "        return sum(p.numel() for p in self.parameters())",
            "",
            "",
        ]
    text += [
        f"class Base{name}(nn.Module):",
        f"    def __init__(self, {signature}):",
        f"        {d.super('Base' + name)}",
    ]
    text += [
        f"        self.{hook}(num_classes)",
        "",
        f"    def {hook}(self, num_classes):",
        "        raise NotImplementedError",
    ]
    text += ["", "    def forward(self, x):", *_indent(f.forward, 8), "", ""]
    text += [
        f"class {name}({'CountMixin, ' if mixin else ''}Base{name}):",
        f"    def {hook}(self, num_classes):",
        *_indent(f.init, 8),
    ]
    for method in f.methods:
        text += ["", *_indent([method], 4)]
    return "\n".join(text)


def _ending(d: Draft, net: Net) -> tuple[str, list[str]]:
    """What follows the class: nothing, a builder, a check under a main guard."""
    tail, target = [], net.name
    if d.chance(0.25):
        target = d.pick("build_model", "create_model", "get_net")
        registry = d.chance(0.3)
        if registry:
            tail.append(f"MODELS = {{'default': {net.name}}}")
        maker = "MODELS['default']" if registry else net.name
        tail.append(f"def {target}(**kwargs):\n    model = {maker}(**kwargs)\n    return model")
    if d.chance(0.4):
        args = ", ".join(f"torch.randn({', '.join(map(str, shape))})" for shape in net.inputs)
        tail.append(f"if __name__ == '__main__':\n    net = {target}()\n    out = net({args})\n    print(out)")
    return target, tail


def _indent(lines: list[str], columns: int) -> list[str]:
    return [" " * columns + line if line else "" for text in lines for line in text.split("\n") if text]


def _used(definitions: dict[str, str], text: str) -> dict[str, str]:
    """The definitions that ``text`` needs, directly or not. (A class that nobody uses would be a model of its own.)"""
    needed: list[str] = []
    wanted = [text]
    while wanted:
        words = set(re.findall(r"\w+", wanted.pop()))
        new = [name for name in definitions if name in words and name not in needed]
        needed += new
        wanted += [definitions[name] for name in new]
    return {name: body for name, body in definitions.items() if name in needed}


def _grouped(definitions: dict[str, str]) -> list[str]:
    """Definitions in order, neighbouring constants as one paragraph."""
    groups: list[str] = []
    for text in definitions.values():
        if groups and _CONSTANT.match(text) and _CONSTANT.match(groups[-1]):
            groups[-1] += "\n" + text
        else:
            groups.append(text)
    return groups


def _habits(d: Draft, body: str) -> str:
    """Imports, annotations and spelling of torch's modules as this author likes them."""
    functional = d.pick("import torch.nn.functional as F", "from torch.nn import functional as F")
    modules = d.pick("import torch.nn as nn", "from torch import nn")
    if d.chance(0.12):
        used = sorted(set(re.findall(r"\bnn\.([A-Z]\w+)", body)))
        body = re.sub(r"\bnn\.([A-Z]\w+)", r"\1", body)
        modules = f"from torch.nn import {', '.join(used)}"
        if re.search(r"\bnn\.[a-z]", body):
            modules = "from torch import nn\n" + modules
    elif d.chance(0.06):
        modules = ""
        body = re.sub(r"\bnn\.(\w+)", r"torch.nn.\1", body)
    if d.chance(0.25):
        body = re.sub(r"def forward\(self, x\):", "def forward(self, x: torch.Tensor) -> torch.Tensor:", body)
    lines = [*sorted(d.imports), "", "import torch", modules, functional]
    return "\n".join(line for line in lines if line) + "\n\n\n" + body + "\n"
