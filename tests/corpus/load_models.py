"""Builds the fixture models under torch. Needs torch; the cnnlint side of the tests does not import this."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType

from fixture_models import MODELS, FixtureModel
from torch import nn


@cache
def load(file: str) -> ModuleType:
    """Import fixtures/models/``file`` under a name of its own (``resnet`` may be taken)."""
    name = f"cnnlint_fixture_{file.removesuffix('.py')}"
    spec = importlib.util.spec_from_file_location(name, MODELS / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def build(fixture: FixtureModel) -> nn.Module:
    """The model that ``fixture.call`` makes."""
    model = eval(fixture.call, dict(vars(load(fixture.file))))
    assert isinstance(model, nn.Module)
    return model
