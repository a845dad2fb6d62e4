"""The table as a whole: names, signatures, and that no value makes an entry fail."""

from __future__ import annotations

import inspect
import operator
from collections import Counter
from typing import Any

import pytest
import torch

from cnnlint.ops import all_functions, all_layers, ancestors, function, layer
from cnnlint.ops.spec import FunctionSpec, LayerSpec, Signature


def resolve(name: str) -> Any:
    found: Any = {"Tensor": torch.Tensor, "operator": operator}.get(name.partition(".")[0], torch)
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


def test_no_name_stands_twice() -> None:
    names = Counter(name for spec in all_functions() for name in spec.names)
    names.update(spec.path for spec in all_layers())
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("name", [name for spec in all_functions() for name in spec.names])
def test_function_exists_in_torch(name: str) -> None:
    resolve(name)


@pytest.mark.parametrize("spec", all_layers(), ids=lambda spec: spec.path)
def test_layer_exists_in_torch(spec: LayerSpec) -> None:
    assert issubclass(resolve(spec.path), torch.nn.Module)


@pytest.mark.parametrize("spec", all_layers(), ids=lambda spec: spec.path)
def test_layer_is_found_where_torch_defines_it(spec: LayerSpec) -> None:
    cls = resolve(spec.path)
    assert layer(f"{cls.__module__}.{cls.__qualname__}") is spec


@pytest.mark.parametrize("spec", all_layers(), ids=lambda spec: spec.path)
def test_ancestors_are_torchs(spec: LayerSpec) -> None:
    cls = resolve(spec.path)
    expected = [base for base in cls.__mro__[1:] if issubclass(base, torch.nn.Module) and "Lazy" not in base.__name__]
    assert [resolve(path) for path in ancestors(spec.path)] == expected[:-1]


def parameters(signature: Signature) -> list[tuple[str, Any, Any]]:
    read = inspect.signature(eval(f"lambda {signature.text}: None"))
    return [(p.name, p.kind, p.default) for p in read.parameters.values()]


def torchs(signature: inspect.Signature) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in signature.parameters.values() if p.name != "self"]


VARIADIC = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}


@pytest.mark.parametrize("spec", all_layers(), ids=lambda spec: spec.path)
def test_constructor_signature_is_torchs(spec: LayerSpec) -> None:
    expected = torchs(inspect.signature(resolve(spec.path).__init__))
    if {kind for _, kind, _ in expected} & VARIADIC:
        return
    assert parameters(spec.signature) == expected


@pytest.mark.parametrize("spec", all_layers(), ids=lambda spec: spec.path)
def test_call_signature_is_torchs(spec: LayerSpec) -> None:
    assert parameters(spec.call) == torchs(inspect.signature(resolve(spec.path).forward))


NEURAL = [(spec, name) for spec in all_functions() for name in spec.names if name.startswith("torch.nn.functional.")]


@pytest.mark.parametrize(("spec", "name"), NEURAL, ids=[name for _, name in NEURAL])
def test_functional_signature_is_torchs(spec: FunctionSpec, name: str) -> None:
    try:
        expected = torchs(inspect.signature(resolve(name)))
    except ValueError:
        return  # written in C++: nothing to read
    if not {kind for _, kind, _ in expected} & VARIADIC:
        assert parameters(spec.signature) == expected


def test_unknown_names() -> None:
    assert layer("torch.nn.Conv9d") is None
    assert function("torch.no_such_function") is None
