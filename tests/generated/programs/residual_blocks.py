"""Blocks with a skip connection."""

# ruff: noqa: E501  (lines inside the templates are lines of the programs)
from __future__ import annotations

from programs.block import Block
from programs.draft import Draft


def basic(d: Draft) -> Block:
    name = d.pick("ResidualBlock", "BasicBlock", "ResBlock")
    cin, cout = d.cin, d.cout
    need = d.slot("residual", f"stride != 1 or {cin} != {cout}", "stride != 1", f"{cin} != {cout}", "False")
    step = d.slot("stride", "stride", 1, "stride + 1")
    merge = d.pick("out += identity", "out = out + identity", "out = torch.add(out, identity)")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            expansion = 1

            def __init__(self, {cin}, {cout}, stride=1):
                {d.super(name)}
                self.conv1 = nn.Conv2d({cin}, {cout}, 3, stride=stride, padding={d.slot("padding", 1, 0)}, bias=False)
                self.bn1 = nn.BatchNorm2d({d.slot("norm-channels", cout, cin)})
                self.conv2 = nn.Conv2d({d.slot("channels", cout, cin)}, {cout}, 3, padding=1, bias=False)
                self.bn2 = nn.BatchNorm2d({cout})
                self.shortcut = nn.Sequential()
                if {need}:
                    self.shortcut = nn.Sequential(
                        nn.Conv2d({cin}, {d.slot("channels", cout)}, kernel_size=1, stride={step}, bias=False),
                        nn.BatchNorm2d({cout}),
                    )

            def forward(self, x):
                identity = self.shortcut(x)
                out = {d.f_act("self.bn1(self.conv1(x))")}
                out = self.bn2(self.conv2(out))
                {merge}
                return {d.f_act("out")}
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s})")


def bottleneck(d: Draft) -> Block:
    name = d.pick("Bottleneck", "BottleneckBlock")
    cin, cout = d.cin, d.cout
    ratio = d.pick(2, 4)
    groups = d.pick("1", "2")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1, reduction={ratio}, norm_layer=None):
                {d.super(name)}
                if norm_layer is None:
                    norm_layer = nn.BatchNorm2d
                mid = {cout} // reduction
                self.conv1 = nn.Conv2d({cin}, mid, 1, bias=False)
                self.bn1 = norm_layer({d.slot("norm-channels", "mid", cout)})
                self.conv2 = nn.Conv2d(mid, mid, 3, stride, 1, groups={d.slot("groups", groups, 3)}, bias=False)
                self.bn2 = norm_layer(mid)
                self.conv3 = nn.Conv2d({d.slot("channels", "mid", cin)}, {cout}, {d.slot("missing-argument", "1, bias=False", "bias=False")})
                self.bn3 = norm_layer({cout})
                self.relu = nn.ReLU(inplace=True)
                self.downsample = None
                if {d.slot("residual", f"stride > 1 or {cin} != {cout}", "stride > 1")}:
                    self.downsample = nn.Conv2d({cin}, {cout}, 1, stride, bias=False)

            def forward(self, x):
                residual = x if self.downsample is None else self.downsample(x)
                x = self.relu(self.bn1(self.conv1(x)))
                x = self.relu(self.bn2(self.conv2(x)))
                x = self.bn3(self.conv3(x))
                return self.relu(x + residual)
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, stride={s})")


def preactivation(d: Draft) -> Block:
    name = d.pick("PreActBlock", "WideBlock")
    cin, cout = d.cin, d.cout
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1, drop_rate=0.1):
                {d.super(name)}
                self.bn1 = nn.BatchNorm2d({d.slot("norm-channels", cin, cout)})
                self.conv1 = nn.Conv2d({cin}, {cout}, 3, stride, 1, bias=False)
                self.bn2 = nn.BatchNorm2d({cout})
                self.conv2 = nn.Conv2d({cout}, {cout}, 3, 1, 1, bias=False)
                self.drop_rate = drop_rate
                self.equal = {cin} == {cout} and {d.slot("residual", "stride == 1", "True")}
                self.conv_shortcut = None if self.equal else nn.Conv2d({cin}, {cout}, 1, {d.slot("stride", "stride", 1)})

            def forward(self, x):
                h = {d.f_act("self.bn1(x)")}
                shortcut = x if self.equal else self.conv_shortcut(h)
                h = self.conv1(h)
                h = F.dropout({d.f_act("self.bn2(h)")}, p=self.drop_rate, training=self.training)
                h = self.conv2(h)
                return h + shortcut
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, stride={s})")


def inverted(d: Draft) -> Block:
    name = d.pick("InvertedResidual", "MBConv", "LinearBottleneck")
    cin, cout = d.cin, d.cout
    hidden = d.slot("channels", "hidden", cin)
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride, expand_ratio={d.pick(1, 2, 4)}):
                {d.super(name)}
                hidden = int(round({cin} * expand_ratio))
                self.use_skip = {d.slot("residual", f"stride == 1 and {cin} == {cout}", "stride == 1", f"{cin} == {cout}")}
                layers = []
                if expand_ratio != 1:
                    layers += [nn.Conv2d({cin}, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True)]
                layers.extend([
                    nn.Conv2d(hidden, hidden, 3, stride, 1, groups={d.slot("groups", "hidden", "hidden + 1", 7)}, bias=False),
                    nn.BatchNorm2d(hidden),
                    nn.ReLU6(inplace=True),
                    nn.Conv2d({hidden}, {cout}, 1, bias=False),
                    nn.BatchNorm2d({d.slot("norm-channels", cout, "hidden")}),
                ])
                self.conv = nn.Sequential(*layers)

            def forward(self, x):
                if self.use_skip:
                    return x + self.conv(x)
                return self.conv(x)
        """,
    )
    return Block(
        lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {d.slot('missing-argument', f'stride={s}', '')})"
    )


def squeeze_excite(d: Draft) -> Block:
    """A residual block with a gate, the gate a class of its own."""
    gate = d.pick("SEBlock", "SqueezeExcite", "ChannelGate")
    name = d.pick("SEResBlock", "SEBasicBlock", "GatedBlock")
    cin, cout = d.cin, d.cout
    if d.chance(0.5):
        layers = f"nn.Linear(channels, squeezed), nn.ReLU(), nn.Linear({d.slot('in-features', 'squeezed', 'channels')}, channels), nn.Sigmoid()"
        body = f"""s = x.mean((2, 3))
                s = self.fc(s).view({d.slot("view", "x.size(0), -1, 1, 1", "x.size(0), -1", "-1, 1, 1")})"""
    else:
        layers = f"nn.Conv2d(channels, squeezed, 1), nn.ReLU(), nn.Conv2d({d.slot('channels', 'squeezed', 'channels')}, channels, 1), nn.Sigmoid()"
        body = f"s = self.fc(F.adaptive_avg_pool2d(x, {d.slot('pool-size', 1, 3)}))"
    d.define(
        gate,
        f"""
        class {gate}(nn.Module):
            def __init__(self, channels, reduction={d.pick(2, 4)}):
                {d.super(gate)}
                squeezed = max(1, channels // reduction)
                self.fc = nn.Sequential({layers})

            def forward(self, x):
                {body}
                return x * s
        """,
    )
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1):
                {d.super(name)}
                self.body = nn.Sequential(
                    nn.Conv2d({cin}, {cout}, 3, stride, 1),
                    nn.BatchNorm2d({d.slot("norm-channels", cout, cin)}),
                    {d.act()},
                    {gate}({d.slot("channels", cout, cin)}),
                )
                self.skip = nn.Identity() if stride == 1 and {cin} == {cout} else nn.Conv2d({cin}, {cout}, 1, stride)

            def forward(self, x):
                return {d.f_act("self.body(x) + self.skip(x)")}
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s})")


def convnext(d: Draft) -> Block:
    """Depthwise 7x7, then a channels-last perceptron. Keeps channels and size."""
    name = d.pick("ConvNeXtBlock", "CNBlock")
    permute = d.slot("permute", "0, 2, 3, 1", "0, 3, 1", "0, 2, 1, 3")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, dim, ratio={d.pick(2, 4)}, scale=1e-6):
                {d.super(name)}
                self.dwconv = nn.Conv2d(dim, dim, kernel_size=7, padding={d.slot("padding", 3, 2)}, groups=dim)
                self.norm = nn.LayerNorm({d.slot("norm-channels", "dim", "dim * 2")}, eps=1e-6)
                self.pwconv1 = nn.Linear(dim, ratio * dim)
                self.act = nn.GELU()
                self.pwconv2 = nn.Linear({d.slot("in-features", "ratio * dim", "dim * 3")}, dim)
                self.gamma = nn.Parameter(scale * torch.ones({d.slot("weight-shape", "dim", "dim + 1")}))

            def forward(self, x):
                shortcut = x
                x = self.dwconv(x)
                x = x.permute({permute})
                x = self.pwconv2(self.act(self.pwconv1(self.norm(x))))
                x = self.gamma * x
                x = x.permute({d.slot("permute", "0, 3, 1, 2", "0, 1, 2, 3", "0, 3, 1, 4")})
                return shortcut + x
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)})", strided=False, keeps_channels=True)


RESIDUAL_BLOCKS = (basic, basic, bottleneck, preactivation, inverted, squeeze_excite, convnext)
