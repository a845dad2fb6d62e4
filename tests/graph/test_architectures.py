"""The table of torchvision's networks: what RULES say of their heads, and sums that are known."""

from __future__ import annotations

import pytest

from cnnlint.graph.architectures import architectures, head_layers

HEADS = {
    "resnet18": ("fc", 512), "resnet34": ("fc", 512), "resnet50": ("fc", 2048), "resnet152": ("fc", 2048),
    "wide_resnet50_2": ("fc", 2048), "inception_v3": ("fc", 2048), "googlenet": ("fc", 1024),
    "shufflenet_v2_x1_0": ("fc", 1024), "regnet_y_400mf": ("fc", 440), "regnet_y_8gf": ("fc", 2016),
    "vgg16": ("classifier.6", 4096), "vgg11_bn": ("classifier.6", 4096), "alexnet": ("classifier.6", 4096),
    "densenet121": ("classifier", 1024), "densenet169": ("classifier", 1664), "densenet201": ("classifier", 1920),
    "densenet161": ("classifier", 2208), "mobilenet_v2": ("classifier.1", 1280), "mnasnet1_0": ("classifier.1", 1280),
    "efficientnet_b0": ("classifier.1", 1280), "efficientnet_v2_s": ("classifier.1", 1280),
    "efficientnet_b3": ("classifier.1", 1536), "mobilenet_v3_large": ("classifier.3", 1280),
    "mobilenet_v3_small": ("classifier.3", 1024), "convnext_tiny": ("classifier.2", 768),
    "convnext_base": ("classifier.2", 1024), "squeezenet1_0": ("classifier.1", 512), "vit_b_16": ("heads.head", 768),
    "swin_t": ("head", 768), "maxvit_t": ("classifier.5", 512),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_heads(name: str) -> None:
    block = next(block for block in architectures()[name].blocks if block.head)
    layers = [(key, arguments) for key, kind, arguments in head_layers(block, "1000") if kind in ("Linear", "Conv2d")]
    key, arguments = layers[-1]
    path = block.name if block.head.startswith("linear-") else f"{block.name}.{key}"
    assert (path, int(arguments[0])) == HEADS[name]
    assert arguments[1] == "1000"


def test_every_network_has_one_head() -> None:
    for architecture in architectures().values():
        assert sum(bool(block.head) for block in architecture.blocks) == 1, architecture.name
        assert len({block.name for block in architecture.blocks}) == len(architecture.blocks)
