"""Blocks that concatenate, split, shuffle or attend."""

# ruff: noqa: E501  (lines inside the templates are lines of the programs)
from __future__ import annotations

from programs.block import Block
from programs.draft import Draft


def inception(d: Draft) -> Block:
    name = d.pick("InceptionBlock", "Inception", "MultiScaleBlock")
    cin, cout = d.cin, d.cout
    dim = d.slot("cat-dim", "1", "0", "2", "5")
    joined = d.pick(
        f"torch.cat([self.b1(x), self.b2(x), self.b3(x), self.b4(x)], {dim})",
        f"torch.cat((self.b1(x), self.b2(x), self.b3(x), self.b4(x)), dim={dim})",
        f"torch.cat([branch(x) for branch in (self.b1, self.b2, self.b3, self.b4)], {dim})",
    )
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, stride=1):
                {d.super(name)}
                c = {cout} // 4
                self.b1 = {d.conv(cin, "c", 1, stride="stride")}
                self.b2 = nn.Sequential({d.conv(cin, "c", 1)}, nn.ReLU(), {d.conv("c", "c", 3, stride="stride")})
                self.b3 = nn.Sequential({d.conv(cin, "c // 2", 1)}, {d.conv("c // 2", "c", 5, stride="stride")})
                self.b4 = nn.Sequential(nn.MaxPool2d(3, stride={d.slot("stride", "stride", "stride + 1")}, padding=1), {d.conv(cin, f"{cout} - 3 * c", 1)})

            def forward(self, x):
                return {joined}
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o}, {s})")


def dense(d: Draft) -> Block:
    """A dense block with a transition to the wanted width."""
    name = d.pick("DenseBlock", "DenseStage")
    cin, cout = d.cin, d.cout
    growth = d.pick(4, 8)
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, num_layers={d.between(2, 3)}, growth={growth}):
                {d.super(name)}
                self.layers = nn.ModuleList()
                for i in range(num_layers):
                    width = {d.slot("channels", f"{cin} + i * growth", f"{cin} + growth", cin)}
                    self.layers.append(nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, growth, 3, padding={d.slot("padding", 1, 0)})))
                self.transition = nn.Conv2d({d.slot("channels", f"{cin} + num_layers * growth", "num_layers * growth")}, {cout}, 1)

            def forward(self, x):
                features = [x]
                for layer in self.layers:
                    features.append(layer(torch.cat(features, {d.slot("cat-dim", "1", "2")})))
                return self.transition(torch.cat(features, dim=1))
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o})", strided=False)


def shuffle(d: Draft) -> Block:
    """Channel shuffle, split and concatenation."""
    helper, name = "channel_shuffle", d.pick("ShuffleUnit", "ShuffleBlock")
    d.define(
        helper,
        f"""
        def channel_shuffle(x, groups):
            b, c, h, w = x.size()
            x = x.view(b, groups, {d.slot("view", "c // groups", "c")}, h, w)
            x = x.transpose({d.slot("permute", "1, 2", "1, 5")}).contiguous()
            return x.view({d.slot("view", "b, -1, h, w", "b, c, h", "b, c // groups, h, w")})
        """,
    )
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, channels, groups=2):
                {d.super(name)}
                half = channels // 2
                self.groups = groups
                self.branch = nn.Sequential(
                    nn.Conv2d(half, half, 1),
                    nn.BatchNorm2d({d.slot("norm-channels", "half", "channels")}),
                    nn.ReLU(inplace=True),
                    nn.Conv2d(half, half, 3, padding={d.slot("padding", 1, 2)}, groups={d.slot("groups", "half", "channels")}),
                )

            def forward(self, x):
                x1, x2 = x.chunk({d.slot("chunk", "2, dim=1", "3, dim=1", "2, dim=0", "2, dim=4")})
                out = torch.cat((x1, self.branch(x2)), 1)
                return channel_shuffle(out, self.groups)
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)})", strided=False, keeps_channels=True)


def attention(d: Draft) -> Block:
    """Self-attention over the positions of the map."""
    name = d.pick("SelfAttention", "NonLocalBlock", "AttnBlock")
    product = d.pick("torch.bmm", "torch.matmul")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, dim):
                {d.super(name)}
                inner = max(dim // {d.pick(2, 4)}, 1)
                self.query = nn.Conv2d(dim, inner, 1)
                self.key = nn.Conv2d(dim, {d.slot("matrix", "inner", "inner + 1", "dim + 2")}, 1)
                self.value = nn.Conv2d(dim, {d.slot("residual", "dim", "dim + 1")}, 1)
                self.gamma = nn.Parameter(torch.zeros(1))

            def forward(self, x):
                b, c, h, w = x.shape
                q = self.query(x).view(b, -1, h * w){d.slot("matrix", ".permute(0, 2, 1)", "", ".permute(0, 2)")}
                k = self.key(x).view({d.slot("view", "b, -1, h * w", "b, c + 1, h * w")})
                attn = torch.softmax({product}(q, k), dim={d.slot("softmax-dim", "-1", "3")})
                v = self.value(x).flatten(2)
                out = {product}(v, {d.slot("matrix", "attn.transpose(1, 2)", "attn.flatten(1)", "attn.unsqueeze(1)")})
                return self.gamma * out.view({d.slot("view", "b, c, h, w", "b, c, h", "b, h, w")}) + x
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)})", strided=False, keeps_channels=True)


def cross_stage(d: Draft) -> Block:
    """Half of the channels go through a few blocks, the other half around them."""
    name = d.pick("CSPBlock", "SplitBlock", "C2f")
    cin, cout = d.cin, d.cout
    split = d.pick(
        "a, b = x.chunk(2, 1)",
        f"a, b = torch.split(x, {d.slot('split', 'self.half', 'self.half + 1', 'self.half - 1')}, dim=1)",
        "a, b = x[:, :self.half], x[:, self.half:]",
    )
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, n={d.between(1, 3)}):
                {d.super(name)}
                self.half = {cout} // 2
                self.stem = nn.Conv2d({cin}, 2 * self.half, 1)
                self.blocks = nn.Sequential(*(nn.Conv2d(self.half, {d.slot("channels", "self.half", cout)}, 3, padding=1) for _ in range(n)))
                self.fuse = nn.Conv2d({d.slot("channels", "2 * self.half", "self.half", "3 * self.half")}, {cout}, 1)

            def forward(self, x):
                x = self.stem(x)
                {split}
                return self.fuse(torch.cat([a, self.blocks(b)], {d.slot("cat-dim", "1", "-3", "-1", "4")}))
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o})", strided=False)


def pyramid(d: Draft) -> Block:
    """Dilated branches and an image-level branch, joined."""
    name = d.pick("ASPP", "DilatedPyramid")
    cin, cout = d.cin, d.cout
    rates = d.pick("(1, 2, 3)", "[1, 2]", "(2, 4)")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, {cin}, {cout}, rates={rates}):
                {d.super(name)}
                self.convs = nn.ModuleList([nn.Conv2d({cin}, {cout}, 3, padding={d.slot("padding", "r", "1 + r", 0)}, dilation={d.slot("dilation", "r", "r + 1")}) for r in rates])
                self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d({d.slot("channels", cin, cout)}, {cout}, 1))
                self.project = nn.Conv2d({d.slot("channels", f"(len(rates) + 1) * {cout}", f"len(rates) * {cout}")}, {cout}, 1)

            def forward(self, x):
                outs = [conv(x) for conv in self.convs]
                pooled = F.interpolate(self.pool(x), size={d.slot("interpolate", "x.shape[2:]", "x.shape[1:]", "x.shape[3:]")}, mode="bilinear", align_corners=False)
                outs.append(pooled)
                return self.project(torch.cat(outs, dim=1))
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)}, {o})", strided=False)


def spatial_gate(d: Draft) -> Block:
    name = d.pick("SpatialAttention", "SpatialGate")
    keep = d.slot("keepdim", "keepdim=True", "keepdim=False")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, kernel_size={d.pick(3, 7)}):
                {d.super(name)}
                self.conv = nn.Conv2d({d.slot("channels", 2, 1, 3)}, 1, kernel_size, padding=kernel_size // 2, bias=False)

            def forward(self, x):
                avg = torch.mean(x, dim=1, {keep})
                mx, _ = torch.max(x, dim=1, keepdim=True)
                attn = torch.sigmoid(self.conv(torch.cat([avg, mx], dim=1)))
                return x * attn
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('keyword', '', 'channels=8')})", strided=False, keeps_channels=True)


def einsum_gate(d: Draft) -> Block:
    """Context vector by einsum, added to every position."""
    name = d.pick("GlobalContext", "ContextBlock")
    d.define(
        name,
        f"""
        class {name}(nn.Module):
            def __init__(self, channels):
                {d.super(name)}
                self.mask = nn.Conv2d(channels, 1, 1)
                self.transform = nn.Linear(channels, {d.slot("residual", "channels", "channels + 3")})

            def forward(self, x):
                n, c = x.shape[:2]
                weights = self.mask(x).reshape({d.slot("view", "n, -1", "n, c, -1", "n, 7, -1")}).softmax(dim=1)
                context = torch.einsum({d.slot("einsum", '"ncp,np->nc"', '"ncp,nq->nc"', '"ncp,ncp->nc"', '"nchw,np->nc"')}, x.flatten(2), weights)
                return x + self.transform(context){d.slot("index", "[:, :, None, None]", "[:, :, None]", "[:, None, None]")}
        """,
    )
    return Block(lambda i, o, s: f"{name}({d.slot('channels', i)})", strided=False, keeps_channels=True)


BRANCHING_BLOCKS = (inception, dense, shuffle, attention, cross_stage, pyramid, spatial_gate, einsum_gate)
