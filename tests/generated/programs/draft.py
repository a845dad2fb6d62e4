"""A program in the making: random choices, names, helper definitions, and the places where a fault can be planted.

A program is drawn twice from the same seed. The first draw counts its fault places (:meth:`Draft.slot`); the second
writes something wrong into one of them. Everything else stays the same, so a faulty program differs from its correct
twin in one expression, as real bugs do."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Draft:
    rng: Random
    plant: int | None = None
    """Number of the slot that gets a fault."""
    fault_rng: Random = field(default_factory=lambda: Random(0))
    slots: list[str] = field(default_factory=list)
    """Kinds of the slots met so far, in order."""
    planted: tuple[str, str, str] | None = None
    """Kind, right text and wrong text of the planted fault."""
    definitions: dict[str, str] = field(default_factory=dict)
    """Helper classes, functions and constants by name, in the order in which the program defines them."""
    cin: str = "in_channels"
    cout: str = "out_channels"
    new_super: bool = True
    imports: set[str] = field(default_factory=set)

    @classmethod
    def start(cls, seed: str, plant: int | None = None) -> Draft:
        """A draft with the habits of one author: names and the form of ``super``."""
        rng = Random(f"{seed}:body")
        cin, cout = rng.choice(
            [
                ("in_channels", "out_channels"), ("in_ch", "out_ch"), ("cin", "cout"), ("in_planes", "planes"),
                ("inp", "oup"), ("in_features", "out_features"), ("n_in", "n_out"), ("c1", "c2"),
            ]
        )  # fmt: skip
        return cls(rng, plant, Random(f"{seed}:fault"), cin=cin, cout=cout, new_super=rng.random() < 0.75)

    # ---- choices ----------------------------------------------------------------------------------------------------

    def pick(self, *options: T) -> T:
        return self.rng.choice(options)

    def choose(self, options: Sequence[T]) -> T:
        return self.rng.choice(options)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def between(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    # ---- faults -----------------------------------------------------------------------------------------------------

    def slot(self, kind: str, right: object, *wrong: object) -> str:
        """``right`` as text, or one of ``wrong`` where the fault is to be planted. A whole number may come without
        wrong values: neighbours and multiples of it are then taken."""
        number = len(self.slots)
        self.slots.append(kind)
        if number != self.plant:
            return str(right)
        options = [option for option in wrong or _near(right) if str(option) != str(right)]
        if not options:
            return str(right)
        chosen = str(self.fault_rng.choice(options))
        self.planted = (kind, str(right), chosen)
        return chosen

    # ---- text -------------------------------------------------------------------------------------------------------

    def super(self, name: str) -> str:
        return "super().__init__()" if self.new_super else f"super({name}, self).__init__()"

    def define(self, name: str, text: str) -> None:
        """Add a helper definition, once."""
        self.definitions.setdefault(name, textwrap.dedent(text).strip("\n"))

    def constant(self, name: str, text: str) -> str:
        """Add a constant of the module, under ``name`` or, where that is taken, a numbered name."""
        free, number = name, 2
        while free in self.definitions:
            free, number = f"{name}_{number}", number + 1
        self.definitions[free] = f"{free} = {text}"
        return free

    def act(self) -> str:
        """An activation module."""
        return self.pick(
            "nn.ReLU(inplace=True)", "nn.ReLU()", "nn.ReLU(True)", "nn.LeakyReLU(0.2, inplace=True)", "nn.SiLU()",
            "nn.GELU()", "nn.ELU()", "nn.Hardswish()", "nn.Mish()",
        )  # fmt: skip

    def f_act(self, x: str) -> str:
        """An activation as a call."""
        return self.pick(f"F.relu({x})", f"F.relu({x}, inplace=True)", f"torch.relu({x})", f"F.leaky_relu({x}, 0.1)",
                         f"F.silu({x})", f"F.gelu({x})", f"F.elu({x})", f"{x}.relu()")  # fmt: skip

    def conv(
        self,
        cin: object,
        cout: object,
        k: object = 3,
        *,
        stride: object = 1,
        padding: object | None = None,
        groups: object = 1,
        dilation: object = 1,
        bias: bool | None = None,
        dims: int = 2,
        name: str | None = None,
    ) -> str:
        """A convolution layer with the faults that such calls have. ``padding`` keeps the size where it is not given
        and ``k`` is a number."""
        if padding is None:
            padding = dilation * (k - 1) // 2 if isinstance(k, int) and isinstance(dilation, int) else 0
        kernel = self.slot("kernel", k, 33, 51, f"({k}, {k}, {k}, {k})")
        args = [self.slot("channels", cin), self.slot("channels", cout)]
        args.append(kernel if self.chance(0.5) else f"kernel_size={kernel}")
        args[-1] = self.slot("missing-argument", args[-1], "")
        for word, value, default in (("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1)):
            if value != default:
                args.append(f"{word}={self.slot(word, value) if isinstance(value, int) else value}")
        if self.chance(0.1):
            args.append(self.slot("padding", "padding_mode='zeros'", "padding_mode='zero'", "pad_mode='zeros'"))
        if groups != 1:
            args.append(f"groups={self.slot('groups', groups, 3, 7, 0)}")
        if bias is False or (bias is None and self.chance(0.4)):
            args.append(self.slot("keyword", "bias=False", "use_bias=False"))
        return f"{name or f'nn.Conv{dims}d'}({', '.join(arg for arg in args if arg)})"

    def norm(self, channels: object, dims: int = 2) -> str:
        """A normalisation layer over ``channels``."""
        kind = self.choose(["batch"] * 6 + ["group", "instance"])
        count = self.slot("norm-channels", channels)
        if kind == "group":
            return f"nn.GroupNorm({self.slot('groups', self.pick(1, 2, 4), 3, 5)}, {count})"
        return f"nn.{'BatchNorm' if kind == 'batch' else 'InstanceNorm'}{dims}d({count})"


def _near(right: object) -> list[object]:
    """Wrong values close to ``right``."""
    text = str(right)
    if text.lstrip("-").isdigit():
        value = int(text)
        return [value + 1, value * 2, max(value // 2, 1), max(value - 1, 0)]
    return [f"{text} * 2", f"{text} + 1", f"{text} // 2"]
