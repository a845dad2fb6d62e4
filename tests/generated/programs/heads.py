"""Heads: what a net makes of its last feature map."""

from __future__ import annotations

from collections.abc import Callable

from programs.draft import Draft
from programs.features import Features

Head = Callable[[Draft, Features, str], None]


def flatten(d: Draft, size: int) -> str:
    """A statement that flattens ``x`` to (N, features)."""
    right = d.pick(
        "x = torch.flatten(x, 1)", "x = x.view(x.size(0), -1)", "x = x.flatten(1)", "x = x.reshape(x.shape[0], -1)",
        "x = x.flatten(start_dim=1)", f"x = x.view(-1, {size})", "x = x.view(x.shape[0], -1)", "x = nn.Flatten()(x)",
    )  # fmt: skip
    return d.slot("flatten", right, "", "x = torch.flatten(x, 2)", "x = torch.flatten(x)", "x = x.view(-1)")


def pooled(d: Draft, f: Features, classes: str) -> None:
    """Global pooling and one linear layer."""
    c = f.channels
    kind = d.pick("module", "functional", "mean", "squeeze")
    if kind == "module":
        f.init.append(
            "self.pool = nn.AdaptiveAvgPool2d(1)" if d.chance(0.5) else "self.pool = nn.AdaptiveMaxPool2d((1, 1))"
        )
        f.forward += [d.slot("statement", "x = self.pool(x)", "") if f.size > 1 else "x = self.pool(x)", flatten(d, c)]
    elif kind == "functional":
        f.forward.append(f"x = F.adaptive_avg_pool2d(x, {d.slot('pool-size', '(1, 1)', '(2, 2)')})")
        f.forward.append(flatten(d, c))
    elif kind == "mean":
        axes = d.slot("mean-dim", d.pick("[2, 3]", "(-2, -1)", "dim=(2, 3)"), "[1, 2]", "(2,)", "[2, 4]", "1")
        f.forward.append(f"x = x.mean({axes})")
    else:
        f.forward.append("x = F.adaptive_avg_pool2d(x, 1)")
        f.forward.append(d.slot("squeeze", "x = x.squeeze(-1).squeeze(-1)", "x = x.squeeze(-1)", "x = x.squeeze(4)"))
    if d.chance(0.3):
        f.init.append("self.dropout = nn.Dropout(0.2)")
        f.forward.append("x = self.dropout(x)")
    f.init.append(f"self.fc = nn.Linear({d.slot('in-features', c)}, {d.slot('missing-argument', classes, '')})")
    f.forward.append(f"return {d.slot('attribute', 'self.fc(x)', 'self.fc2(x)', 'self.fc(x, x)')}")


def perceptron(d: Draft, f: Features, classes: str) -> None:
    """Flatten, then two or three linear layers."""
    hidden = d.pick(32, 64, 100)
    size = d.pick(f"{f.channels} * {f.size} * {f.size}", str(f.channels * f.size * f.size))
    if d.chance(0.5):
        f.init += [
            "self.classifier = nn.Sequential(",
            *(["    nn.Flatten(),"] if (inside := d.chance(0.4)) else []),
            f"    nn.Linear({d.slot('in-features', size)}, {hidden}),",
            f"    {d.act()},",
            "    nn.Dropout(0.5),",
            f"    nn.Linear({d.slot('in-features', hidden)}, {classes}),",
            ")",
        ]
        if not inside:
            f.forward.append(flatten(d, f.channels * f.size * f.size))
        f.forward.append("return self.classifier(x)")
        return
    f.init += [
        f"self.fc1 = nn.Linear({d.slot('in-features', size)}, {hidden})",
        f"self.fc2 = nn.Linear({d.slot('in-features', hidden)}, {classes})",
    ]
    f.forward.append(flatten(d, f.channels * f.size * f.size))
    f.forward += [d.slot("statement", f"x = {d.f_act('self.fc1(x)')}", ""), "return self.fc2(x)"]


def convolutional(d: Draft, f: Features, classes: str) -> None:
    """Class scores by a 1x1 convolution, averaged or as a map."""
    f.init.append(f"self.head = {d.conv(f.channels, classes, 1)}")
    if d.chance(0.5):
        f.forward += [
            "x = self.head(x)",
            f"return x.flatten({d.slot('flatten', 2, 4)}).mean({d.slot('mean-dim', -1, 3)})",
        ]
    else:
        f.forward.append("return self.head(x)")


def dense_map(d: Draft, f: Features, classes: str) -> None:
    """A segmentation head: scores, enlarged to the size of the input."""
    f.init.append(f"self.score = nn.Conv2d({d.slot('channels', f.channels)}, {classes}, kernel_size=1)")
    f.forward.insert(0, d.pick("size = x.shape[-2:]", "size = x.size()[2:]", "h, w = x.shape[2:]\nsize = (h, w)"))
    mode = d.slot(
        "interpolate",
        "mode='bilinear', align_corners=False",
        "mode='nearest', align_corners=False",
        "mode='linear'",
        "mode='trilinear'",
    )
    f.forward.append(f"return F.interpolate(self.score(x), size=size, {mode})")


def many_outputs(d: Draft, f: Features, classes: str) -> None:
    """A dictionary or tuple of results."""
    c = f.channels
    f.init += [
        f"self.cls = nn.Linear({d.slot('in-features', c)}, {classes})",
        f"self.box = nn.Conv2d({d.slot('channels', c)}, 4, 1)",
    ]
    f.forward.append("v = x.mean(dim=(2, 3))")
    f.forward.append(d.pick("return {'cls': self.cls(v), 'box': self.box(x)}", "return self.cls(v), self.box(x)"))


HEADS: tuple[Head, ...] = (pooled, pooled, pooled, perceptron, perceptron, convolutional, dense_map, many_outputs)
