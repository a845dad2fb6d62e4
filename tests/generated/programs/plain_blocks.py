"""Blocks of one or two convolutions: conv-norm-activation in its many spellings, separable, grouped."""

# ruff: noqa: E501  (lines inside the templates are lines of the programs)
from __future__ import annotations

from programs.block import Block
from programs.draft import Draft


def conv_class(d: Draft) -> Block:
    """The class that every repository has: convolution, norm, activation."""
    name = d.pick("ConvBlock", "ConvBNAct", "BasicConv", "Conv")
    cin, cout = d.cin, d.cout
    act = d.f_act("x") if d.chance(0.4) else "self.act(x)"
    assign = f"self.act = {d.act()}" if act == "self.act(x)" else "pass"
    lines = d.pick(
        f"x = self.conv(x)\n                x = self.bn(x)\n                return {act}",
        f"x = self.bn(self.conv(x))\n                return {act}",
    )
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, kernel_size=3, stride=1, **kwargs):
                {d.super(name)}
                padding = {d.slot("padding", "(kernel_size - 1) // 2", "-kernel_size", "kernel_size / 2")}
                self.conv = nn.Conv2d({d.slot("channels", cin, cout)}, {cout}, kernel_size, stride, padding, **kwargs)
                self.bn = nn.BatchNorm2d({d.slot("norm-channels", cout, cin)})
                {assign}

            def forward(self, x):
                {lines}
        """,
    )

    def make(c_in: object, c_out: object, stride: object) -> str:
        kernel = d.pick("", ", kernel_size=3", ", 5", ", kernel_size=1")
        tail = "" if stride == 1 else f", stride={stride}"
        extra = d.pick("", "", ", bias=False", d.slot("keyword", "", ", channels=4"))
        return f"{name}({d.slot('channels', c_in)}, {c_out}{kernel}{tail}{extra})"

    return Block(make)


def conv_function(d: Draft) -> Block:
    """A helper function that returns a Sequential."""
    name = d.pick("conv_bn", "conv_block", "conv3x3_bn_relu", "make_conv")
    cin, cout = d.cin, d.cout
    norm = d.chance(0.8)
    body = [d.conv(cin, cout, 3, stride="stride")]
    if norm:
        body.append(d.norm(cout))
    body.append(d.act())
    inner = ",\n                ".join(body)
    d.define(
        name,
        f"""
        def {name}({cin}, {cout}, stride=1):
            return nn.Sequential(
                {inner},
            )
        """,
    )
    return Block(lambda i, o, s: f"{name}({i}, {o}, {s})" if s != 1 else f"{name}({d.slot('channels', i)}, {o})")


def conv_sequential(d: Draft) -> Block:
    """A subclass of Sequential, layers handed to its __init__."""
    name = d.pick("ConvBNReLU", "ConvNormAct", "CBR")
    cin, cout = d.cin, d.cout
    d.imports.add("from functools import partial")
    norm = d.constant("norm_layer", f"partial(nn.BatchNorm2d, eps={d.pick('1e-3', '1e-5')}, momentum=0.01)")
    d.define(
        name,
        f"""
        class {name}(nn.Sequential):
            def __init__(self, {cin}, {cout}, k=3, s=1, g=1, act=True):
                layers = [
                    nn.Conv2d({cin}, {d.slot("channels", cout, cin)}, k, s, k // 2, groups={d.slot("groups", "g", 5)}, bias=False),
                    {norm}({d.slot("norm-channels", cout, cin)}),
                ]
                if act:
                    layers.append({d.act()})
                super().__init__(*layers)
        """,
    )
    return Block(
        lambda i, o, s: (
            f"{name}({d.slot('channels', i)}, {o}, k={d.pick(1, 3, 5)}, {d.slot('keyword', f's={s}', f'stride={s}')})"
        )
    )


def depthwise_separable(d: Draft) -> Block:
    name = d.pick("DepthwiseSeparable", "DWConv", "SeparableConv2d")
    cin, cout = d.cin, d.cout
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1, kernel_size=3):
                {d.super(name)}
                self.depthwise = nn.Conv2d({cin}, {d.slot("channels", cin, cout + " + 1")}, kernel_size, stride=stride,
                                           padding=kernel_size // 2, groups={d.slot("groups", cin, cout + " + 1", 7)}, bias=False)
                self.pointwise = nn.Conv2d({cin}, {cout}, {d.slot("missing-argument", "1, bias=False", "bias=False")})
                self.bn1, self.bn2 = nn.BatchNorm2d({d.slot("norm-channels", cin, cout)}), nn.BatchNorm2d({cout})

            def forward(self, x):
                x = {d.f_act("self.bn1(self.depthwise(x))")}
                return {d.f_act("self.bn2(self.pointwise(x))")}
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, stride={s})")


def functional_weight(d: Draft) -> Block:
    """Own weights as parameters, used through F.conv2d."""
    name = d.pick("ScaledConv2d", "WSConv2d", "EqualConv2d", "MyConv")
    cin, cout = d.cin, d.cout
    shape = d.slot("weight-shape", f"{cout}, {cin}, 3, 3", f"{cin}, {cout}, 3, 3", f"{cout}, {cin}, 3", f"{cout}, 3, 3")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1):
                {d.super(name)}
                self.weight = nn.Parameter(torch.randn({shape}))
                self.bias = nn.Parameter(torch.zeros({d.slot("weight-shape", cout, cin, cout + " + 1")}))
                self.scale = ({cin} * 9) ** -0.5
                self.stride = stride

            def forward(self, x):
                weight = self.weight * self.scale
                return F.conv2d(x, weight, self.bias, stride=self.stride, padding={d.slot("padding", 1, -1)})
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s})")


def branch_sum(d: Draft) -> Block:
    """3x3 and 1x1 in parallel, and an identity branch where the shapes allow it."""
    name = d.pick("RepConv", "ParallelConv", "MultiBranch")
    cin, cout = d.cin, d.cout
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1):
                {d.super(name)}
                self.dense = nn.Sequential({d.conv(cin, cout, 3, stride="stride")}, nn.BatchNorm2d({cout}))
                self.point = nn.Sequential({d.conv(cin, cout, 1, stride="stride")}, nn.BatchNorm2d({cout}))
                use_identity = {d.slot("residual", f"{cin} == {cout} and stride == 1", "stride == 1", f"{cin} == {cout}", "True")}
                self.identity = nn.BatchNorm2d({cin}) if use_identity else None

            def forward(self, x):
                out = self.dense(x) + self.point(x)
                if self.identity is not None:
                    out = out + self.identity(x)
                return {d.f_act("out")}
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, stride={s})")


def space_to_depth(d: Draft) -> Block:
    """Every second pixel into the channels, then a convolution (even sizes stay whole thanks to the padding)."""
    name = d.pick("Focus", "SpaceToDepthConv", "PatchMerge")
    cin, cout = d.cin, d.cout
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}):
                {d.super(name)}
                self.conv = nn.Conv2d({d.slot("channels", f"{cin} * 4", f"{cin} * 2", cin)}, {cout}, 1)

            def forward(self, x):
                _, _, h, w = x.shape
                x = F.pad(x, (0, w % 2, 0, h % 2))
                patches = [x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], {d.slot("slice", "x[..., 1::2, 1::2]", "x[..., 1:, 1:]")}]
                return self.conv(torch.cat(patches, {d.slot("cat-dim", "dim=1", "dim=2", "dim=4")}))
        """,
    )
    return Block(
        lambda i, o, s: f"{name}({d.slot('channels', i)}, {o})" if s == 2 else f"nn.Conv2d({i}, {o}, 1)",
        plain_stride=True,
    )


PLAIN_BLOCKS = (
    conv_class, conv_class, conv_function, conv_function, conv_sequential, depthwise_separable, functional_weight,
    branch_sum, space_to_depth,
)  # fmt: skip
