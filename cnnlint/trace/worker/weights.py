"""Pretrained weights are not fetched: shapes, parameters and multiply-adds do not depend on their values."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

asked_for: list[str] = []
"""The addresses that weights would have come from."""


class NotFetched(dict[str, Any]):
    """Stands for a state dict; a model that loads it keeps the values it was made with."""


def leave_out() -> None:
    """From now on ``torch.hub`` gives no weights, and models accept that. A file on disk is loaded as ever."""

    def load_state_dict_from_url(url: str, *args: Any, **kwargs: Any) -> NotFetched:
        asked_for.append(url)
        return NotFetched()

    base: Any = nn.Module
    original = base.load_state_dict

    def load_state_dict(module: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(state_dict, NotFetched):
            return nn.modules.module._IncompatibleKeys([], [])
        return original(module, state_dict, *args, **kwargs)

    torch.hub.load_state_dict_from_url = load_state_dict_from_url
    base.load_state_dict = load_state_dict
