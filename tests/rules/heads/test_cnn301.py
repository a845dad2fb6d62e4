"""CNN301 on VGG-16: its numbers are torch's."""

from __future__ import annotations

import runpy
from pathlib import Path

import torch
from torch import nn

from cnnlint import check_source

VGG = Path(__file__).parents[3] / "fixtures" / "models" / "vgg16.py"


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_vgg16_numbers() -> None:
    with torch.device("meta"):
        net = runpy.run_path(str(VGG))["VGG"]()
        pooled = nn.Linear(512, 4096)
    found = check_source(VGG.read_text(encoding="utf-8"), str(VGG), select=["CNN301"], isolated=True)
    assert [dict(finding.data) for finding in found] == [
        {
            "parameters": count(net.classifier[0]),
            "pooled_parameters": count(pooled),
            "head_parameters": count(net.classifier),
            "model_parameters": count(net),
            "places": 3,
        }
    ]
    assert found[0].data["parameters"] == 102_764_544
    assert found[0].data["pooled_parameters"] == 2_101_248
    assert found[0].data["head_parameters"] == 123_642_856
    assert "102,764,544 parameters (74.3 % of the model)" in found[0].message
