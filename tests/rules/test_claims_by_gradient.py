"""What rules say about pixels and weights, against gradients: what is never read gets a gradient of exactly zero."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import adaptive_avg_pool2d

from cnnlint import check_source, registry
from cnnlint.findings import Finding
from cnnlint.graph.shapes import parse_shape
from cnnlint.rule import Example
from cnnlint.testing.examples import source_of


def examples(code: str) -> list[Any]:
    return [
        pytest.param(code, example, id=f"{code}-{example.why}".replace(" ", "-"))
        for example in registry.load().rules[code].bad
        if example.inputs
    ]


def net_of(example: Example) -> nn.Module:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(source_of(example), "example.py", "exec", dont_inherit=True), names)
    (net,) = [value for value in names.values() if isinstance(value, type) and value.__module__ == "example"]
    return net()


def findings(code: str, example: Example) -> list[Finding]:
    return check_source(source_of(example), "example.py", inputs=list(example.inputs), select=[code], isolated=True)


def image_of(example: Example, net: nn.Module) -> torch.Tensor:
    sizes = parse_shape(example.inputs[0]).sizes
    has_batch = len(sizes) != 3 or any(isinstance(module, nn.Conv1d) for module in net.modules())
    return torch.rand(sizes if has_batch else (1, *sizes), requires_grad=True)


@pytest.mark.parametrize(("code", "example"), examples("CNN404"))
def test_dead_weights_get_no_gradient(code: str, example: Example) -> None:
    net, found = net_of(example), findings(code, example)
    net(image_of(example, net)).pow(2).sum().backward()
    dead = {name: int((p.grad == 0).sum()) for name, p in net.named_parameters() if name.endswith("weight")}
    for finding in found:
        assert dead[f"{finding.layer}.weight"] == finding.data["dead_weights"]
    assert sum(dead.values()) == found[0].data["dead_weights_in_all"]


@pytest.mark.parametrize(("code", "example"), examples("CNN105"))
def test_unread_pixels_get_no_gradient(code: str, example: Example) -> None:
    """Of average pooling and convolution, which read every pixel of their windows."""
    (finding,) = findings(code, example)
    net = net_of(example)
    layer = net.get_submodule(finding.layer)
    if isinstance(layer, nn.MaxPool2d):
        layer = nn.AvgPool2d(layer.kernel_size, layer.stride)
    channels = layer.in_channels if isinstance(layer, nn.Conv2d) else 1
    window = torch.rand(1, channels, *finding.data["size"], requires_grad=True)
    layer(window).pow(2).sum().backward()
    assert window.grad is not None
    unread = int((window.grad[0].abs().sum(0) == 0).sum())
    assert unread / prod(finding.data["size"]) == pytest.approx(finding.data["share"])


@pytest.mark.parametrize("rates", [(2, 2, 2), (1, 2, 9), (2, 4, 8), (1, 2, 5), (1, 3, 2)])
def test_gridding_is_what_a_pixel_sees(rates: tuple[int, ...]) -> None:
    layers = [nn.Conv2d(1, 1, 3, padding=d, dilation=d, bias=False) for d in rates]
    text = "import torch\nfrom torch import nn\n\n\nclass Net(nn.Sequential):\n    def __init__(self):\n"
    text += "        super().__init__(nn.Conv2d(3, 1, 3, stride=2, padding=1), "
    text += ", ".join(f"nn.Conv2d(1, 1, 3, padding={d}, dilation={d})" for d in rates) + ")\n"
    found = check_source(text, "net.py", select=["CNN403"], isolated=True)
    image = torch.rand(1, 1, 65, 65, requires_grad=True)
    for layer in layers:
        nn.init.ones_(layer.weight)
    nn.Sequential(*layers)(image)[0, 0, 32, 32].backward()
    assert image.grad is not None
    rows = (image.grad[0, 0].sum(0) != 0).nonzero()[:, 0]
    read, span = len(rows), int(rows[-1] - rows[0]) + 1
    assert (read < span) == bool(found)
    if found:
        assert (found[0].data["read"], found[0].data["span"]) == (read, span)


@pytest.mark.parametrize(("code", "example"), examples("CNN401"))
def test_receptive_field_is_what_a_position_sees(code: str, example: Example) -> None:
    (finding,) = findings(code, example)
    net = net_of(example)
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv1d | nn.Conv2d | nn.MaxPool2d)]
    for layer in convolutions:
        if not isinstance(layer, nn.MaxPool2d):
            nn.init.ones_(layer.weight)
    means = [nn.AvgPool2d(m.kernel_size, m.stride) if isinstance(m, nn.MaxPool2d) else m for m in convolutions]
    image = image_of(example, net)
    maps = nn.Sequential(*means)(image)
    maps[(0, 0, *(size // 2 for size in maps.shape[2:]))].backward()
    assert image.grad is not None
    seen = (image.grad[0].sum(0) != 0).nonzero()
    extent = (seen.max(0).values - seen.min(0).values + 1).tolist()
    assert extent == finding.data["receptive_field"]


def test_an_adaptive_pool_repeats_values() -> None:
    (example, *_) = registry.load().rules["CNN307"].bad
    (finding,) = findings("CNN307", example)
    channels, height, width = 16, *finding.data["map"]
    pooled = adaptive_avg_pool2d(torch.rand(1, channels, height, width), tuple(finding.data["output_size"]))
    assert f"{pooled.numel()} features" in finding.message
    kept = torch.rand(1, channels, 1, 1)
    assert len(adaptive_avg_pool2d(kept, (7, 7)).unique()) == channels


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_softmax_over_one_score_is_constant(name: str) -> None:
    scores = torch.randn(4, 1, 3, requires_grad=True)
    result = getattr(torch, name)(scores, dim=1)
    assert torch.equal(result, torch.full_like(result, float(name == "softmax")))
    result.pow(2).sum().backward()
    assert scores.grad is not None
    assert not scores.grad.any()
