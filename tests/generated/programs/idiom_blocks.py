"""Blocks that test the reader's Python: closures, lambdas, registries, forwarding, static methods, match, recursion."""

# ruff: noqa: E501  (lines inside the templates are lines of the programs)
from __future__ import annotations

from programs.block import Block
from programs.draft import Draft


def registry(d: Draft) -> Block:
    """Layers looked up by name in dictionaries of classes and lambdas."""
    cin, cout = d.cin, d.cout
    d.define("ACTIVATIONS", "ACTIVATIONS = {'relu': nn.ReLU, 'gelu': nn.GELU, 'leaky': lambda: nn.LeakyReLU(0.2)}")
    norms = f"{{'bn': nn.BatchNorm2d, 'gn': lambda c: nn.GroupNorm({d.slot('groups', 2, 3)}, c), 'none': lambda c: nn.Identity()}}"
    d.define("NORMS", f"NORMS = {norms}")
    name = d.pick("FlexibleConv", "ConfigurableBlock")
    key = d.pick("'bn'", "'gn'", "'none'")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1, norm={key}, act='relu'):
                {d.super(name)}
                self.conv = nn.Conv2d({cin}, {cout}, 3, stride, {d.slot("padding", 1, 0)})
                self.norm = NORMS[norm]({d.slot("norm-channels", cout, cin)})
                self.act = ACTIVATIONS[act]()

            def forward(self, x):
                return self.act(self.norm(self.conv(x)))
        """,
    )
    options = d.pick("", "", ", norm='gn'", ", act='gelu'", ", **{'norm': 'bn', 'act': 'leaky'}")
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s}{options})")


def closure(d: Draft) -> Block:
    """A factory of factories."""
    name = d.pick("make_block_fn", "block_factory")
    d.define(
        name,
        f"""
        def {name}(kernel_size, bias=False):
            padding = {d.slot("padding", "kernel_size // 2", "-1")}

            def build(c_in, c_out, stride=1):
                conv = nn.Conv2d(c_in, c_out, kernel_size, stride=stride, padding=padding, bias=bias)
                return nn.Sequential(conv, nn.BatchNorm2d({d.slot("norm-channels", "c_out", "c_in", "c_out + c_in")}), {d.act()})

            return build
        """,
    )
    made = d.constant("conv_block3", f"{name}({d.slot('kernel', 3, 61)})")
    return Block(
        lambda i, o, s: f"{made}({d.slot('channels', i)}, {o}, {d.slot('keyword', f'stride={s}', f'strides={s}')})"
    )


def forwarding(d: Draft) -> Block:
    """Arguments handed on with stars."""
    name = d.pick("Conv3x3", "ConvLayer")
    d.define(
        name,
        f"""
        class {name}(nn.Conv2d):
            def __init__(self, *args, **kwargs):
                kwargs.setdefault('padding', {d.slot("padding", 1, -2)})
                super().__init__(*args, **kwargs)
                self.norm = nn.BatchNorm2d({d.slot("norm-channels", "self.out_channels", "self.in_channels", "self.out_channels // self.groups + 1")})

            def forward(self, x):
                return torch.relu(self.norm(super().forward({d.slot("index", "x", "x[0]", "x[:, 1:]")})))
        """,
    )
    args = d.pick(
        "*({i}, {o}), kernel_size=3, stride={s}",
        "{i}, {o}, 3, stride={s}",
        "in_channels={i}, out_channels={o}, kernel_size=3, stride={s}",
    )
    return Block(lambda i, o, s: f"{name}({args.format(i=d.slot('channels', i), o=o, s=s)})")


def inherited(d: Draft) -> Block:
    """A class attribute and a method that a subclass overrides."""
    base, name = d.pick("BaseBlock", "_Block"), d.pick("WideConvBlock", "ScaledBlock")
    cin, cout = d.cin, d.cout
    d.define(
        base,
        f"""
        class {base}(nn.Module):
            expansion = 1

            def __init__(self, {cin}, {cout}, stride=1):
                {d.super(base)}
                self.hidden = {cout} * self.expansion
                self.conv = nn.Conv2d({cin}, self.hidden, 3, stride, 1)
                self.out = self.make_out(self.hidden, {cout})

            def make_out(self, hidden, {cout}):
                return nn.Identity()

            def forward(self, x):
                return self.out(F.relu(self.conv(x)))
        """,
    )
    d.define(
        name,
        f"""
        class {name}({base}):
            expansion = {d.pick(2, 3)}

            def make_out(self, hidden, {cout}):
                return nn.Sequential(nn.BatchNorm2d({d.slot("norm-channels", "hidden", cout)}), nn.Conv2d({d.slot("channels", "hidden", cout)}, {cout}, 1))
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s})")


def conditional(d: Draft) -> Block:
    """Layers that exist only under some arguments."""
    name = d.pick("OptionalBlock", "ConvStage")
    cin, cout = d.cin, d.cout
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1, use_bn={d.pick("True", "False")}, drop=0.0, pool=None):
                {d.super(name)}
                self.conv = nn.Conv2d({cin}, {cout}, 3, padding=1, bias=not use_bn)
                self.bn = nn.BatchNorm2d({d.slot("norm-channels", cout, cin)}) if use_bn else None
                self.drop = nn.Dropout2d(drop) if drop > 0 else nn.Identity()
                pool = pool or ('max' if stride == 2 else None)
                if pool == 'max':
                    self.pool = nn.MaxPool2d(2, ceil_mode=True)
                elif pool == 'avg':
                    self.pool = nn.AvgPool2d(2, ceil_mode=True)
                elif pool is None:
                    self.pool = nn.Identity()
                else:
                    raise ValueError(f'unknown pool {{pool!r}}')

            def forward(self, x):
                x = self.conv(x)
                if self.bn is not None:
                    x = self.bn(x)
                return self.pool(self.drop(F.relu(x)))
        """,
    )
    extra = d.pick("", ", drop=0.1", d.slot("keyword", "", ", pool='mean'", ", dropout=0.5"))
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, stride={s}{extra})")


def matching(d: Draft) -> Block:
    """A static method, a match statement and a property."""
    name = d.pick("Operation", "MixedOp", "Cell")
    cin, cout = d.cin, d.cout
    kind = d.pick("'conv3'", "'conv5'", "'dil'", "'sep'")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1, kind={kind}):
                {d.super(name)}
                self.op = self.make(kind, {cin}, {cout}, stride)
                self.bn = nn.BatchNorm2d(self.{d.slot("attribute", "width", "widths")})

            @staticmethod
            def make(kind, a, b, s):
                match kind:
                    case 'conv3' | 'conv5':
                        k = int(kind[-1])
                        return nn.Conv2d(a, b, k, s, k // 2)
                    case 'dil':
                        return nn.Conv2d(a, b, 3, s, padding={d.slot("padding", 2, 0)}, dilation=2)
                    case 'sep':
                        depthwise = nn.Conv2d(a, a, 3, s, 1, groups={d.slot("groups", "a", "b + 1")})
                        return nn.Sequential(depthwise, nn.Conv2d({d.slot("channels", "a", "a * 2")}, b, 1))
                raise KeyError(kind)

            @property
            def width(self):
                op = self.op[-1] if isinstance(self.op, nn.Sequential) else self.op
                return op.out_channels

            def forward(self, x):
                return self.bn(self.op(F.relu(x)))
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s}{d.pick('', ', kind=' + kind)})")


def recursive(d: Draft) -> Block:
    """An hourglass: the module contains a smaller copy of itself."""
    name = d.pick("Hourglass", "NestedUNet")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, depth, channels, growth={d.pick(0, 8)}):
                {d.super(name)}
                inner = channels + growth
                self.skip = nn.Conv2d(channels, channels, 3, padding={d.slot("padding", 1, 0)})
                self.down = nn.Conv2d(channels, inner, 3, padding=1)
                self.inner = {name}(depth - 1, inner, growth) if depth > 1 else nn.Conv2d(inner, inner, 1)
                self.up = nn.Conv2d({d.slot("channels", "inner", "channels")}, {d.slot("residual", "channels", "inner")}, 1)

            def forward(self, x):
                low = F.max_pool2d(x, 2, ceil_mode=True) if min(x.shape[-2:]) > 1 else x
                low = self.up(self.inner(self.down(low)))
                low = F.interpolate(low, size=x.shape[{d.slot("interpolate", "2:", "1:")}])
                return self.skip(x) + low
        """,
    )
    depth = d.between(1, 2)
    return Block(lambda i, o, s: f"{name}({depth}, {d.slot('channels', i)})", strided=False, keeps_channels=True)


def resampling(d: Draft) -> Block:
    """Down by unfold or strided convolution, up by pixel shuffle: same size in the end."""
    name = d.pick("DownUp", "BackProjection")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, channels, r=2):
                {d.super(name)}
                self.down = nn.Conv2d(channels, {d.slot("shuffle-channels", "channels * r * r", "channels * r + 1", "channels * r * r + r")}, 3, stride=r, padding=1)
                self.shuffle = nn.PixelShuffle({d.slot("stride", "r", "r + 3")})
                self.scale = nn.Parameter(torch.ones({d.slot("weight-shape", "1, channels, 1, 1", "channels", "1, channels + 1, 1, 1")}))

            def forward(self, x):
                h, w = x.shape[-2], x.size(-1)
                y = self.shuffle(self.down(x))[:, :, :h, :w]
                return x + y * self.scale
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)})", strided=False, keeps_channels=True)


IDIOM_BLOCKS = (registry, closure, forwarding, inherited, conditional, matching, recursive, resampling)
