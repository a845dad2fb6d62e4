"""Trunks: how a net gets from its input to its last feature map, in the styles in which people write that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from programs.block import Block
from programs.branching_blocks import BRANCHING_BLOCKS
from programs.draft import Draft
from programs.idiom_blocks import IDIOM_BLOCKS
from programs.plain_blocks import PLAIN_BLOCKS
from programs.residual_blocks import RESIDUAL_BLOCKS

ALL_BLOCKS = PLAIN_BLOCKS + RESIDUAL_BLOCKS + BRANCHING_BLOCKS + IDIOM_BLOCKS


@dataclass
class Features:
    """Lines of ``__init__`` and ``forward`` so far, and the shape that ``x`` has after them."""

    channels: int
    size: int
    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)

    def halve(self) -> None:
        self.size = (self.size + 1) // 2


Trunk = Callable[[Draft, Features], None]


def widths(d: Draft, low: int = 2, high: int = 4) -> list[int]:
    """Channel counts of the stages, each divisible by eight."""
    first = d.pick(8, 16, 16, 24)
    count = d.between(low, high)
    if d.chance(0.6):
        return [first * 2**i for i in range(count)]
    return sorted(d.pick(8, 16, 24, 32, 40, 48, 64) for _ in range(count))


def any_block(d: Draft) -> Block:
    return d.choose(ALL_BLOCKS)(d)


def loop_block(d: Draft) -> Block:
    """One that can stand in a loop over channel counts and strides."""
    while True:
        # definitions of refused candidates stay out of the program
        known = dict(d.definitions)
        block = any_block(d)
        if block.strided and not block.keeps_channels and not block.plain_stride:
            return block
        d.definitions = known


def stem(d: Draft, f: Features) -> None:
    """The first layers, from the image's channels to the first width."""
    width = d.pick(8, 16, 24)
    stride = d.pick(1, 1, 2)
    kind = d.pick("sequential", "lines", "conv", "none")
    if kind == "none":
        return
    conv = d.conv(f.channels, width, d.pick(3, 5, 7), stride=stride)
    if kind == "sequential":
        f.init += ["self.stem = nn.Sequential(", f"    {conv},", f"    {d.norm(width)},", f"    {d.act()},", ")"]
        f.forward.append(d.slot("statement", "x = self.stem(x)", ""))
    elif kind == "lines":
        f.init += [f"self.conv1 = {conv}", f"self.bn1 = {d.norm(width)}"]
        f.forward += ["x = self.conv1(x)", f"x = {d.f_act('self.bn1(x)')}"]
    else:
        f.init.append(f"self.conv_in = {conv}")
        f.forward.append(f"x = {d.f_act('self.conv_in(x)')}")
    f.channels = width
    if stride == 2:
        f.halve()


def one(d: Draft, f: Features, block: Block, width: int, stride: int) -> str:
    """The call that builds ``block``; ``f`` is moved behind it."""
    if block.keeps_channels:
        width = f.channels
    if not block.strided:
        stride = 1
    text = block.make(f.channels, width, stride)
    f.channels = width
    if stride == 2:
        f.halve()
    return text


def needs_width(d: Draft, f: Features) -> None:
    """A projection in front, where the image itself would meet blocks that divide its channels."""
    if f.channels % 8:
        width = d.pick(8, 16)
        f.init.append(f"self.proj = {d.conv(f.channels, width, d.pick(1, 3))}")
        f.forward.append("x = self.proj(x)")
        f.channels = width


def attributes(d: Draft, f: Features) -> None:
    """self.layer1, self.layer2, ... each on lines of its own."""
    needs_width(d, f)
    word = d.pick("layer", "block", "stage", "enc")
    for number, width in enumerate(widths(d), start=1):
        pool = d.chance(0.3) and f.size >= 4
        stride = 1 if pool else d.pick(1, 2)
        f.init.append(f"self.{word}{number} = {one(d, f, any_block(d), width, stride)}")
        f.forward.append(d.slot("statement", f"x = self.{word}{number}(x)", "", f"x = self.{word}{number + 7}(x)"))
        if pool:
            f.forward.append(
                d.slot(
                    "statement",
                    d.pick("x = F.max_pool2d(x, 2)", "x = F.avg_pool2d(x, 2, 2)"),
                    "x = F.max_pool2d(x, 64)",
                    "",
                )
            )
            f.size //= 2


def sequential(d: Draft, f: Features) -> None:
    """One nn.Sequential over several lines."""
    lines = []
    for width in widths(d):
        for _ in range(d.between(1, 2)):
            lines += [d.conv(f.channels, width, d.pick(3, 5)), d.norm(width), d.act()]
            f.channels = width
        if f.size >= 4 and d.chance(0.7):
            kernel = d.slot("kernel", 2, 40)
            lines.append(d.pick(f"nn.MaxPool2d({kernel})", f"nn.AvgPool2d({kernel}, stride=2)"))
            f.size //= 2
        if d.chance(0.2):
            lines.append(d.pick("nn.Dropout2d(0.25)", "nn.Dropout(p=0.1)", "nn.Identity()"))
    f.init.append("self.features = nn.Sequential(")
    f.init += [f"    {line}," for line in lines]
    f.init.append(")")
    f.forward.append("x = self.features(x)")


def config_loop(d: Draft, f: Features) -> None:
    """A table of stages and a loop over it."""
    plan = [(width, d.between(1, 2), d.pick(1, 2)) for width in widths(d)]
    block = loop_block(d)
    needs_width(d, f)
    kind = d.pick("tuple", "dict", "dataclass")
    if kind == "tuple":
        table = d.constant(
            d.pick("CFG", "STAGES"), "[\n" + "".join(f"    ({c}, {n}, {s}),\n" for c, n, s in plan) + "]"
        )
        head = f"for {d.slot('unpack', 'width, depth, stride', 'width, depth')} in {table}:"
        step = "stride"
    elif kind == "dict":
        rows = "".join(f"    {{'c': {c}, 'n': {n}, 's': {s}}},\n" for c, n, s in plan)
        table = d.constant(d.pick("config", "LAYERS"), f"[\n{rows}]")
        head = f"for stage in {table}:\n    width, depth, stride = stage['c'], stage['n'], stage['s']"
        step = "stride"
    else:
        d.imports.add("from dataclasses import dataclass")
        d.define(
            "StageConfig", "@dataclass\nclass StageConfig:\n    width: int\n    depth: int = 1\n    stride: int = 1"
        )
        rows = "".join(f"    StageConfig({c}, depth={n}, stride={s}),\n" for c, n, s in plan)
        table = d.constant("STAGES", f"[\n{rows}]")
        head = f"for cfg in {table}:\n    width, depth, stride = cfg.width, cfg.depth, cfg.stride"
        step = "stride"
    f.init += ["layers = []", f"c = {d.slot('channels', f.channels)}", *head.split("\n"), "    for i in range(depth):"]
    built = block.make("c", "width", f"{step} if i == 0 else 1")
    f.init.append(f"        layers.append({built})" if d.chance(0.5) else f"        layers += [{built}]")
    f.init.append(f"        c = {d.slot('channels', 'width', 'width * 2')}")
    f.init.append("self.body = nn.Sequential(*layers)")
    f.forward.append("x = self.body(x)")
    for width, _, stride in plan:
        f.channels = width
        if stride == 2:
            f.halve()


def make_layer(d: Draft, f: Features) -> None:
    """A method that builds one stage and remembers the width on self."""
    block = loop_block(d)
    needs_width(d, f)
    f.init.append(f"self.inplanes = {d.slot('channels', f.channels)}")
    for number, width in enumerate(widths(d), start=1):
        stride, depth = d.pick(1, 2), d.between(1, 2)
        f.init.append(f"self.layer{number} = self._make_layer({width}, {depth}, stride={stride})")
        f.channels = width
        if stride == 2:
            f.halve()
        f.forward.append(d.slot("statement", f"x = self.layer{number}(x)", ""))
    first, more = block.make("self.inplanes", "planes", "stride"), block.make("self.inplanes", "planes", 1)
    f.methods.append(
        "def _make_layer(self, planes, blocks, stride=1):\n"
        f"    layers = [{first}]\n"
        f"    self.inplanes = {d.slot('channels', 'planes', 'planes * 2')}\n"
        "    for _ in range(1, blocks):\n"
        f"        layers.append({more})\n"
        "    return nn.Sequential(*layers)"
    )


def module_list(d: Draft, f: Features) -> None:
    """A ModuleList by comprehension over neighbouring widths."""
    block = loop_block(d)
    needs_width(d, f)
    chain = [f.channels, *widths(d)]
    stride = d.pick(1, 2)
    dims = d.slot("channels", chain, chain[::-1], [c + 4 for c in chain])
    ahead = d.slot("zip", "dims[1:]", "dims", "dims[:-1]")
    f.init.append(f"dims = {dims}")
    kind = d.pick("zip", "index", "generator")
    if kind == "index":
        f.init += [
            "self.blocks = nn.ModuleList()",
            "for i in range(len(dims) - 1):",
            f"    self.blocks.append({block.make('dims[i]', d.slot('index', 'dims[i + 1]', 'dims[i + 2]'), stride)})",
        ]
    else:
        items = f"{block.make('a', 'b', stride)} for a, b in zip(dims[:-1], {ahead})"
        f.init.append(
            f"self.blocks = nn.ModuleList([{items}])" if kind == "zip" else f"self.blocks = nn.ModuleList({items})"
        )
    loop = d.pick("for block in self.blocks:", "for i, block in enumerate(self.blocks):")
    f.forward += [loop, "    x = block(x)"]
    f.channels = chain[-1]
    if stride == 2:
        for _ in chain[1:]:
            f.halve()


def named(d: Draft, f: Features) -> None:
    """Layers under computed names: setattr, add_module or a ModuleDict."""
    block = loop_block(d)
    needs_width(d, f)
    plan = [f.channels, *widths(d)]
    stride = d.pick(1, 2)
    f.init.append(f"widths = {d.slot('channels', plan, plan[1:] + plan[:1])}")
    built = block.make("widths[i]", "widths[i + 1]", stride)
    kind = d.pick("setattr", "add_module", "dict")
    if kind == "dict":
        f.init += [
            "self.stages = nn.ModuleDict()",
            f"for i in range({len(plan) - 1}):",
            f"    self.stages[f'stage{{i}}'] = {built}",
        ]
        loop = d.pick("for stage in self.stages.values():", "for name, stage in self.stages.items():")
        f.forward += [loop, "    x = stage(x)"]
    else:
        store = "setattr(self, f'stage{i}', {})" if kind == "setattr" else "self.add_module('stage' + str(i), {})"
        f.init += [f"for i in range({len(plan) - 1}):", "    " + store.replace("{}", built)]
        count = d.slot("attribute", len(plan) - 1, len(plan))
        f.forward += [f"for i in range({count}):", "    x = getattr(self, f'stage{i}')(x)"]
    f.channels = plan[-1]
    if stride == 2:
        for _ in plan[1:]:
            f.halve()


def ordered(d: Draft, f: Features) -> None:
    """nn.Sequential over an OrderedDict, or filled by add_module."""
    d.imports.add("from collections import OrderedDict")
    needs_width(d, f)
    entries = []
    for number, width in enumerate(widths(d)):
        entries.append((f"conv{number}", d.conv(f.channels, width, d.pick(1, 3))))
        entries += [(f"norm{number}", d.norm(width)), (f"act{number}", d.act())]
        f.channels = width
    f.init += ["self.encoder = nn.Sequential(OrderedDict([", *(f"    ('{k}', {v})," for k, v in entries), "]))"]
    if f.size >= 4 and d.chance(0.5):
        f.init.append(f"self.encoder.add_module('pool', nn.MaxPool2d({d.slot('kernel', 2, 50)}, 2))")
        f.size //= 2
    f.forward.append("x = self.encoder(x)")


TRUNKS: tuple[Trunk, ...] = (
    attributes, attributes, attributes, sequential, sequential, config_loop, config_loop, make_layer, make_layer,
    module_list, named, ordered,
)  # fmt: skip
