"""Whole nets that are no trunk with a head: U-Net, autoencoder, pyramid, transformer, sequences, two inputs."""

# ruff: noqa: E501  (lines inside the templates are lines of the programs)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from programs.draft import Draft
from programs.features import Features, attributes, sequential

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Net:
    """The main class of a program."""

    name: str
    text: str
    inputs: tuple[Shape, ...]


def unet(d: Draft) -> Net:
    width, depth = d.pick(8, 16), d.between(1, 3)
    size = d.pick(16, 32) * 2 if d.chance(0.5) else 32
    d.define(
        "double_conv",
        f"""
        def double_conv({d.cin}, {d.cout}):
            return nn.Sequential(
                nn.Conv2d({d.cin}, {d.cout}, 3, padding={d.slot("padding", 1, 0)}),
                nn.BatchNorm2d({d.slot("norm-channels", d.cout, d.cin)}),
                nn.ReLU(inplace=True),
                nn.Conv2d({d.slot("channels", d.cout, d.cin)}, {d.cout}, 3, padding=1),
                nn.ReLU(inplace=True),
            )
        """,
    )
    up = d.pick(
        f"nn.ConvTranspose2d(w * 2, w, {d.slot('kernel', 2, 3)}, stride=2)",
        f"nn.Sequential(nn.Upsample(scale_factor={d.slot('stride', 2, 4)}, mode='nearest'), nn.Conv2d(w * 2, w, 1))",
        "nn.Sequential(nn.Conv2d(w * 2, w * 4, 1), nn.PixelShuffle(2))",
    )
    text = f"""
class UNet(nn.Module):
    def __init__(self, in_channels={d.slot("channels", 3, 1)}, num_classes=2, base={width}, depth={depth}):
        {d.super("UNet")}
        widths = [base * 2 ** i for i in range(depth + 1)]
        self.pool = nn.MaxPool2d({d.slot("kernel", 2, 65)})
        self.encoders = nn.ModuleList()
        previous = in_channels
        for w in widths:
            self.encoders.append(double_conv(previous, w))
            previous = {d.slot("channels", "w", "w * 2")}
        self.ups = nn.ModuleList()
        self.decoders = nn.ModuleList()
        for w in reversed(widths[:-1]):
            self.ups.append({up})
            self.decoders.append(double_conv({d.slot("cat-channels", "w * 2", "w", "w * 3")}, w))
        self.head = nn.Conv2d(base, num_classes, 1)

    def forward(self, x):
        skips = []
        for i, encoder in enumerate(self.encoders):
            x = encoder(x)
            if i < len(self.encoders) - 1:
                skips.append(x)
                x = self.pool(x)
        for up, decoder, skip in zip(self.ups, self.decoders, {d.slot("order", "reversed(skips)", "skips")}):
            x = up(x)
            x = decoder(torch.cat([x, skip], {d.slot("cat-dim", "1", "0", "2")}))
        return self.head(x)
"""
    return Net("UNet", text, ((1, 3, size, size),))


def autoencoder(d: Draft) -> Net:
    c, latent = d.pick(8, 16), d.pick(10, 32)
    size = 32
    flat = f"{2 * c} * 8 * 8"
    unflatten = d.pick(
        f"z.view(-1, {2 * c}, {d.slot('view', '8, 8', '4, 8', '7, 7')})",
        f"z.reshape(z.size(0), {d.slot('view', 2 * c, c)}, 8, 8)",
        f"z.unflatten(1, ({2 * c}, 8, {d.slot('view', 8, 4, 9)}))",
    )
    out = d.slot("channels", 1, 3)
    returned = d.pick("recon", "(recon, mu, logvar)", "{'recon': recon, 'mu': mu}")
    text = f"""
class VAE(nn.Module):
    def __init__(self, latent_dim={latent}):
        {d.super("VAE")}
        self.encoder = nn.Sequential(
            {d.conv(1, c, 3, stride=2)},
            nn.ReLU(),
            {d.conv(c, 2 * c, 3, stride=2)},
            nn.ReLU(),
        )
        self.fc_mu = nn.Linear({d.slot("in-features", flat)}, latent_dim)
        self.fc_logvar = nn.Linear({d.slot("in-features", flat)}, latent_dim)
        self.fc_decode = nn.Linear(latent_dim, {d.slot("out-features", flat)})
        self.deconv1 = nn.ConvTranspose2d({d.slot("channels", 2 * c)}, {c}, 4, 2, {d.slot("padding", 1, -1)})
        self.deconv2 = nn.ConvTranspose2d({c}, {out}, kernel_size=3, stride=2, padding=1, output_padding={d.slot("output-padding", 1, 2, 3)})

    def encode(self, x):
        h = self.encoder(x).flatten({d.slot("flatten", 1, 2)})
        return self.fc_mu(h), self.fc_logvar(h)

    def decode(self, z):
        z = self.fc_decode(z)
        z = {unflatten}
        z = F.relu(self.deconv1(z))
        return torch.sigmoid(self.deconv2(z))

    def forward(self, x):
        mu, logvar = {d.slot("unpack", "self.encode(x)", "self.encode(x), x, x", "self.encoder(x)")}
        std = torch.exp(0.5 * logvar)
        z = mu + std * torch.randn_like(std)
        recon = self.decode(z)
        return {returned}
"""
    return Net("VAE", text, ((2, 1, size, size),))


def pyramid_net(d: Draft) -> Net:
    """A small feature pyramid with lateral connections."""
    widths = d.pick([8, 16, 32], [16, 24, 40], [8, 16, 32, 64])
    out = d.pick(16, 32)
    lateral = d.pick(
        "F.interpolate(results[0], scale_factor=2, mode='nearest')",
        "F.interpolate(results[0], size=lateral.shape[-2:], mode='bilinear', align_corners=False)",
    )
    text = f"""
class FPN(nn.Module):
    def __init__(self, widths={tuple(widths)}, out_channels={out}):
        {d.super("FPN")}
        self.stages = nn.ModuleList()
        c = 3
        for w in widths:
            self.stages.append(nn.Sequential({d.conv("c", "w", 3, stride=2)}, nn.BatchNorm2d({d.slot("norm-channels", "w", "c")}), {d.act()}))
            c = w
        self.lateral = nn.ModuleList([nn.Conv2d({d.slot("channels", "w", "out_channels")}, {d.slot("residual", "out_channels", "w")}, 1) for w in widths])
        self.smooth = nn.ModuleList(nn.Conv2d(out_channels, out_channels, 3, padding={d.slot("padding", 1, 0)}) for _ in widths)

    def forward(self, x):
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        results = [self.lateral[-1](features[-1])]
        for i in range(len(features) - 2, -1, -1):
            lateral = self.lateral[i](features[{d.slot("index", "i", "i + 1")}])
            top = {d.slot("interpolate", lateral, "results[0]")}
            results.insert(0, lateral + top)
        return {d.pick("tuple(s(r) for s, r in zip(self.smooth, results))", "[s(r) for s, r in zip(self.smooth, results)]", "{f'p{i}': self.smooth[i](r) for i, r in enumerate(results)}")}
"""
    return Net("FPN", text, ((1, 3, 64, 64),))


def transformer(d: Draft) -> Net:
    """Patches, tokens, a few attention blocks written out."""
    patch, dim, heads = d.pick(4, 8), d.pick(24, 32, 48), d.pick(2, 4)
    tokens = (32 // patch) ** 2
    text = f"""
class Attention(nn.Module):
    def __init__(self, dim, heads):
        {d.super("Attention")}
        assert dim % heads == 0
        self.heads = heads
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, {d.slot("out-features", "dim * 3", "dim * 2", "dim * 3 + 1")}, bias=False)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, N, C = {d.slot("unpack", "x.shape", "x.shape[:2]", "x.flatten(1).shape")}
        qkv = self.qkv(x).reshape({d.slot("view", "B, N, 3, self.heads, C // self.heads", "B, N, 4, self.heads, C", "B, N + 1, 3, self.heads, -1")}).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[{d.slot("index", 2, 3)}]
        attn = (q @ k{d.slot("matrix", ".transpose(-2, -1)", "", ".transpose(1, 2)", ".transpose(-1, 4)")}) * self.scale
        attn = attn.softmax(dim=-1)
        x = (attn @ v).transpose(1, 2).reshape(B, N, C)
        return self.proj(x)


class Layer(nn.Module):
    def __init__(self, dim, heads, mlp_ratio={d.pick(2, 4)}):
        {d.super("Layer")}
        self.norm1 = nn.LayerNorm({d.slot("norm-channels", "dim", "dim * mlp_ratio")})
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, dim * mlp_ratio), nn.GELU(), nn.Linear({d.slot("in-features", "dim * mlp_ratio", "dim")}, dim))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x


class ViT(nn.Module):
    def __init__(self, image_size=32, patch_size={patch}, dim={dim}, depth={d.between(1, 3)}, heads={d.slot("groups", heads, 5)}, num_classes=10):
        {d.super("ViT")}
        self.patch_embed = nn.Conv2d(3, dim, kernel_size=patch_size, stride={d.slot("stride", "patch_size", "patch_size * 2")})
        num_patches = {d.slot("tokens", d.pick("(image_size // patch_size) ** 2", str(tokens)), "image_size // patch_size")}
        self.cls_token = nn.Parameter(torch.zeros(1, 1, {d.slot("weight-shape", "dim", "dim + 1")}))
        self.pos_embed = nn.Parameter(torch.zeros(1, {d.slot("tokens", "num_patches + 1", "num_patches")}, dim))
        self.blocks = nn.Sequential(*[Layer(dim, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear({d.slot("in-features", "dim", "dim * num_patches")}, num_classes)

    def forward(self, x):
        x = self.patch_embed(x)
        x = x.flatten(2).transpose({d.slot("permute", "1, 2", "0, 1", "1, 3")})
        cls = self.cls_token.expand({d.slot("expand", "x.shape[0], -1, -1", "-1, x.shape[0], -1", "x.shape[0], -1, dim")})
        x = torch.cat([cls, x], dim={d.slot("cat-dim", 1, 2, 3)})
        x = x + self.pos_embed
        x = self.norm(self.blocks(x))
        return self.head(x[:, {d.slot("index", 0, tokens + 1)}])
"""
    return Net("ViT", text, ((2, 3, 32, 32),))


def recogniser(d: Draft) -> Net:
    """Convolutions, then a recurrent layer over the columns."""
    c, hidden = d.pick(16, 32), d.pick(24, 32)
    kind, both = d.pick("LSTM", "GRU"), d.chance(0.5)
    features = 2 * hidden if both else hidden
    height = 8
    text = f"""
class CRNN(nn.Module):
    def __init__(self, num_chars=37):
        {d.super("CRNN")}
        self.cnn = nn.Sequential(
            {d.conv(1, c // 2, 3)},
            nn.ReLU(),
            nn.MaxPool2d(2, 2),
            {d.conv(c // 2, c, 3)},
            nn.BatchNorm2d({d.slot("norm-channels", c)}),
            nn.ReLU(),
            nn.MaxPool2d(({d.slot("kernel", 2, 17)}, 1)),
        )
        self.rnn = nn.{kind}({d.slot("in-features", f"{c} * {height}", str(c))}, {hidden}, batch_first=True{", bidirectional=True" if both else ""})
        self.fc = nn.Linear({d.slot("in-features", features)}, num_chars)

    def forward(self, x):
        x = self.cnn(x)
        b, c, h, w = {d.slot("unpack", "x.size()", "x.size()[1:]")}
        x = x.permute({d.slot("permute", "0, 3, 1, 2", "0, 3, 1")}).reshape({d.slot("view", "b, w, c * h", "b, c, w * h", "b, h, c")})
        out, _ = self.rnn(x)
        return {d.pick("self.fc(out)", "self.fc(out[:, -1])", "F.log_softmax(self.fc(out), dim=2)")}
"""
    return Net("CRNN", text, ((2, 1, 32, d.pick(32, 64)),))


def waveform(d: Draft) -> Net:
    """Dilated causal 1-D convolutions with gates."""
    c, layers = d.pick(8, 16), d.between(2, 4)
    split = d.pick("a, b = h.chunk(2, dim=1)", f"a, b = torch.split(h, {d.slot('split', c, c - 1, c // 4)}, 1)")
    text = f"""
class GatedBlock(nn.Module):
    def __init__(self, channels, dilation):
        {d.super("GatedBlock")}
        self.pad = ({d.slot("causal-pad", "dilation", "dilation * 2")}, 0)
        self.conv = nn.Conv1d(channels, {d.slot("channels", "2 * channels", "3 * channels")}, kernel_size=2, dilation=dilation)
        self.out = nn.Conv1d({d.slot("channels", "channels", "2 * channels")}, channels, 1)

    def forward(self, x):
        h = self.conv(F.pad(x, self.pad))
        {split}
        h = torch.tanh(a) * torch.sigmoid(b)
        h = self.out(h)
        return x + h, h


class WaveNet(nn.Module):
    def __init__(self, channels={c}, layers={layers}, classes={d.pick(16, 32)}):
        {d.super("WaveNet")}
        self.first = nn.Conv1d({d.slot("channels", 1, 2)}, channels, 1)
        self.blocks = nn.ModuleList([GatedBlock(channels, 2 ** i) for i in range(layers)])
        self.last = nn.Sequential(nn.ReLU(), nn.Conv1d(channels, {d.slot("channels", "channels", "channels * 2")}, 1), nn.BatchNorm1d(channels), nn.Conv1d(channels, classes, 1))

    def forward(self, x):
        x = self.first(x)
        total = 0
        for block in self.blocks:
            x, skip = {d.slot("unpack", "block(x)", "block(x)[0]", "block(x, x)")}
            total = total + skip
        return self.last(total)
"""
    return Net("WaveNet", text, ((1, 1, d.pick(64, 100)),))


def volumes(d: Draft) -> Net:
    """A small 3-D classifier."""
    c = d.pick(4, 8)
    pool = d.pick("nn.MaxPool3d(2)", "nn.AvgPool3d(2)", "nn.MaxPool3d((1, 2, 2))")
    depth = 8 if "(1, 2, 2)" in pool else 4
    text = f"""
class Net3D(nn.Module):
    def __init__(self, num_classes=5):
        {d.super("Net3D")}
        self.conv1 = {d.conv(1, c, 3, dims=3)}
        self.bn1 = nn.BatchNorm3d({d.slot("norm-channels", c)})
        self.pool = {pool}
        self.conv2 = {d.conv(c, 2 * c, 3, dims=3)}
        self.fc = nn.Linear({d.slot("in-features", f"{2 * c} * {depth} * 8 * 8")}, num_classes)

    def forward(self, x):
        x = self.pool(F.relu({d.slot("rank", "self.bn1(self.conv1(x))", "self.bn1(self.conv1(x.flatten(1, 2)))")}))
        x = F.relu(self.conv2(x))
        x = {d.slot("flatten", d.pick("x.flatten(1)", "torch.flatten(x, start_dim=1)"), "x.flatten(2)", "x.flatten(5)")}
        return self.fc(x)
"""
    return Net("Net3D", text, ((1, 1, 8, 16, 16),))


def siamese(d: Draft) -> Net:
    """Two inputs through one trunk, compared."""
    f = Features(3, 16)
    (attributes if d.chance(0.5) else sequential)(d, f)
    init = "\n        ".join(f.init)
    forward = "\n        ".join(line for text in f.forward for line in text.split("\n") if line)
    merge = d.pick(
        (f"torch.cat([a, b], dim={d.slot('cat-dim', 1, 0, 2)})", 2 * f.channels),
        ("torch.abs(a - b)", f.channels),
        ("a * b", f.channels),
    )
    text = f"""
class Siamese(nn.Module):
    def __init__(self, embed={d.pick(16, 32)}):
        {d.super("Siamese")}
        {init}
        self.fc = nn.Linear({d.slot("in-features", merge[1])}, embed)
        self.out = nn.Linear(embed, 1)

    def encode(self, x):
        {forward}
        return x.mean(dim=({d.slot("mean-dim", "2, 3", "2, 4", "2,")}))

    def forward(self, left, right):
        a, b = self.encode(left), {d.slot("index", "self.encode(right)", "self.encode(right[0])", "self.encode(right, left)")}
        x = {merge[0]}
        return self.out(F.relu(self.fc(x)))
"""
    return Net("Siamese", text, ((2, 3, 16, 16), (2, 3, 16, 16)))


def generator(d: Draft) -> Net:
    """A latent vector blown up to an image."""
    nz, ngf = d.pick(32, 64), d.pick(8, 16)
    size, up = d.pick((4, 2), (4, 3))
    layers, c = [], ngf * 2**up
    start = c
    for _ in range(up):
        layers.append(
            f"nn.ConvTranspose2d({d.slot('channels', c)}, {c // 2}, {d.slot('kernel', 4, '(4, 4, 4)')}, 2, {d.slot('padding', 1, -1)}, bias=False)"
        )
        layers += [f"nn.BatchNorm2d({d.slot('norm-channels', c // 2)})", "nn.ReLU(True)"]
        c //= 2
    layers += [d.conv(c, 3, 3), "nn.Tanh()"]
    body = ",\n            ".join(layers)
    text = f"""
class Generator(nn.Module):
    def __init__(self, nz={nz}):
        {d.super("Generator")}
        self.fc = nn.Linear({d.slot("in-features", "nz", "nz * 2")}, {start} * {size} * {size})
        self.main = nn.Sequential(
            {body},
        )

    def forward(self, z):
        x = self.fc(z)
        x = x.view({d.slot("view", f"z.shape[0], {start}, {size}, {size}", f"-1, {start}, {size + 1}, {size}", f"z.shape[0], {start}, {size}")})
        return self.main(x)
"""
    return Net("Generator", text, ((2, nz),))


SPECIAL: tuple[Callable[[Draft], Net], ...] = (
    unet, unet, autoencoder, pyramid_net, transformer, recogniser, waveform, volumes, siamese, generator,
)  # fmt: skip
