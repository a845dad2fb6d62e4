"""Which parameters a backward pass reaches."""

from __future__ import annotations

from typing import Any

import torch

from .encoding import tensors_in
from .loading import Loaded


def without_gradient(loaded: Loaded) -> list[str]:
    """Names of the trained parameters that get no gradient from the sum of everything the model returns.

    One forward and backward pass on the CPU, in the mode the model was built in, batch norm apart: that would refuse
    a batch of one."""
    model = loaded.model
    for module in model.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.eval()
    torch.manual_seed(0)
    with torch.enable_grad():
        output = model(*loaded.args, **loaded.kwargs)
        reached: list[Any] = [tensor for tensor in tensors_in(output) if tensor.requires_grad]
        if reached:
            torch.autograd.backward([tensor.abs().sum() for tensor in reached])
    return [name for name, p in model.named_parameters() if p.requires_grad and p.grad is None]
