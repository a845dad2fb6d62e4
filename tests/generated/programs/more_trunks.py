"""Trunks with more than one path, or with one path walked in unusual ways."""

from __future__ import annotations

from programs.draft import Draft
from programs.features import Features, Trunk, any_block, loop_block, needs_width, one, widths


def nested(d: Draft, f: Features) -> None:
    """Sequentials inside a Sequential, run by index, by slice or whole."""
    needs_width(d, f)
    stages = []
    for width in widths(d, 2, 3):
        inner = [d.conv(f.channels, width, 3), d.norm(width), d.act()]
        f.channels = width
        if d.chance(0.5):
            inner.append(one(d, f, any_block(d), width, 1))
        stages.append("nn.Sequential(" + ", ".join(inner) + ")")
    if f.size >= 4 and d.chance(0.4):
        stages.append(f"nn.Sequential(nn.MaxPool2d({d.slot('kernel', 2, 64)}))")
        f.size //= 2
    f.init += ["self.net = nn.Sequential(", *(f"    {stage}," for stage in stages), ")"]
    last = len(stages) - 1
    f.forward += d.pick(
        ["x = self.net(x)"],
        ["x = self.net[0](x)", "x = self.net[1:](x)"],
        ["for layer in self.net:", "    x = layer(x)"],
        ["for i in range(len(self.net)):", f"    x = self.net[{d.slot('index', 'i', 'i + 1')}](x)"],
        ["for stage in self.net.children():", "    for layer in stage:", "        x = layer(x)"],
        [f"x = self.net[:{last}](x)", d.slot("statement", "x = self.net[-1](x)", "")],
    )


def parallel(d: Draft, f: Features) -> None:
    """Two paths from the same features, joined along the channels or added."""
    needs_width(d, f)
    width = d.pick(8, 16, 24)
    stride = d.pick(1, 2)
    left = loop_block(d).make(f.channels, width, stride)
    right = d.conv(f.channels, width, d.pick(1, 3, 5), stride=stride)
    f.init += [f"self.left = {left}", f"self.right = {right}"]
    if stride == 2:
        f.halve()
    kind = d.pick("cat", "add", "list", "stack")
    if kind == "cat":
        f.forward.append(
            f"x = torch.cat([self.left(x), self.right(x)], {d.slot('cat-dim', 'dim=1', 'dim=0', 'dim=-1')})"
        )
        f.channels = 2 * width
    elif kind == "add":
        f.forward += ["a = self.left(x)", "b = self.right(x)", f"x = {d.f_act('a + b')}"]
        f.channels = width
    elif kind == "list":
        f.init.append("self.paths = nn.ModuleList([self.left, self.right])")
        f.forward += [
            "outs = []",
            "for path in self.paths:",
            "    outs.append(path(x))",
            "x = torch.cat(tuple(outs), dim=1)",
        ]
        f.channels = 2 * width
    else:
        reduce = d.pick(".sum(dim=0)", ".mean(0)", ".amax(dim=0)")
        f.forward.append(f"x = torch.stack([self.left(x), self.right(x)]){d.slot('reduce', reduce, '.sum(dim=5)', '')}")
        f.channels = width
    f.init.append(f"self.merge = nn.Conv2d({d.slot('cat-channels', f.channels)}, {width}, 1)")
    f.forward.append("x = self.merge(x)")
    f.channels = width


def repeated(d: Draft, f: Features) -> None:
    """One layer applied several times, as in recursive and iterative nets."""
    needs_width(d, f)
    f.init += [
        f"self.step = nn.Sequential({d.conv(f.channels, f.channels, 3)}, {d.act()})",
        f"self.steps = {d.between(2, 4)}",
    ]
    body = d.pick("x = x + self.step(x)", "x = self.step(x)", "x = torch.max(x, self.step(x))")
    if d.chance(0.5):
        f.forward += ["for _ in range(self.steps):", f"    {body}"]
    else:
        f.forward += ["step = 0", "while step < self.steps:", f"    {body}", "    step += 1"]


def multi_scale(d: Draft, f: Features) -> None:
    """Features of several depths, brought to one size and joined."""
    needs_width(d, f)
    chain = widths(d, 2, 3)
    start = f.channels
    for number, (a, b) in enumerate(zip([start, *chain[:-1]], chain, strict=True)):
        f.init.append(f"self.down{number} = {d.conv(a, b, 3, stride=2)}")
        source = f"f{number - 1}" if number else "x"
        f.forward.append(f"f{number} = {d.f_act(f'self.down{number}({source})')}")
    f.halve()
    later = ", ".join(f"f{number}" for number in range(1, len(chain)))
    size = d.slot("interpolate", "f0.shape[2:]", "f1.shape[2:]", "f0.shape")
    f.forward += [
        f"features = [f0] + [F.interpolate(f, size={size}, mode='nearest') for f in ({later},)]",
        f"x = torch.cat(features, dim={d.slot('cat-dim', 1, 2)})",
    ]
    f.channels = sum(chain)


MORE_TRUNKS: tuple[Trunk, ...] = (nested, nested, parallel, parallel, repeated, multi_scale)
