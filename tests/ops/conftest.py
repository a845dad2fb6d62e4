"""Torch as the oracle: one driver for every layer and function of the table.

A drawn case is a constructor's and a call's arguments with real torch tensors in them. The driver asks torch and the
table the same question and holds the answers together; every accepted case is asked again with symbols for sizes and
with unknowns for arguments, where nothing may be refused and nothing known may differ.
"""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.graph.dims import Sym, is_known, substitute, symbol
from cnnlint.graph.model import ProblemKind
from cnnlint.ops import function, layer
from cnnlint.ops.apply import apply_function, build_layer, call_layer, materialize_layer
from cnnlint.ops.spec import UNKNOWN, LayerState, Refused, Result, TensorSpec, Unclear

# Cases an entry in an ordinary run; a sweep sets more.
EXAMPLES = int(os.environ.get("CNNLINT_OPS_EXAMPLES", "25"))

WEIRD = (
    None, UNKNOWN, "x", "", b"x", 1.5, -1, -7, 0, 10**30, float("nan"), float("inf"), True, [], (), [1, 2, 3, 4, 5],
    [None], ["a"], [UNKNOWN, 1], {}, {"a": 1}, object(), symbol("S"), TensorSpec(None), TensorSpec(()),
    TensorSpec((0,)), TensorSpec((symbol("A"), 3)), TensorSpec((2, 3, 4, 5, 6, 7), "int64"), print, (1.5, 2.5), 1j,
)  # fmt: skip


def spec_of(tensor: torch.Tensor) -> TensorSpec:
    """What the table is told about a tensor."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    small = not tensor.dtype.is_floating_point and tensor.numel() <= 1000
    return TensorSpec(tuple(tensor.shape), dtype, tuple(tensor.flatten().tolist()) if small else None)


def mapped(value: Any, change: Callable[[torch.Tensor], Any]) -> Any:
    """``value`` with every tensor in it changed."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)(mapped(item, change) for item in value)
    if isinstance(value, dict):
        return {key: mapped(item, change) for key, item in value.items()}
    return value


@dataclass
class Symbols:
    """Replaces sizes by symbols, equal numbers by different symbols, and back."""

    values: dict[str, int]

    def of(self, tensor: torch.Tensor) -> TensorSpec:
        return TensorSpec(tuple(map(self.size, tensor.shape)), str(tensor.dtype).removeprefix("torch."))

    def size(self, value: int) -> Any:
        if value < 1:
            return value
        name = f"s{len(self.values)}"
        self.values[name] = value
        return symbol(name)

    def back(self, size: Any) -> Any:
        number = substitute(size, self.values)
        return number if not isinstance(number, Sym) or is_known(number) else None


def shapes(output: Any, back: Callable[[Any], Any] = lambda size: size) -> Any:
    """Nested shapes of an output; ``None`` for an unknown size."""
    if isinstance(output, torch.Tensor):
        return tuple(output.shape)
    if isinstance(output, TensorSpec):
        return None if output.shape is None else tuple(map(back, output.shape))
    if isinstance(output, Mapping):
        return {key: shapes(item, back) for key, item in output.items()}
    if isinstance(output, list | tuple):
        return [shapes(item, back) for item in output]
    return output


def dtypes(output: Any) -> Any:
    if isinstance(output, torch.Tensor):
        return str(output.dtype).removeprefix("torch.")
    if isinstance(output, TensorSpec):
        return output.dtype
    if isinstance(output, list | tuple):
        return [dtypes(item) for item in output]
    return None


def consistent(expected: Any, found: Any) -> bool:
    """Whether what is known of ``found`` equals ``expected``."""
    if found is None or isinstance(found, Sym):
        return True
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        return len(expected) == len(found) and all(map(consistent, expected, found))
    return bool(expected == found)


def plain(value: Any) -> Any:
    """Attributes of torch and of the table in one form."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def torch_function(name: str) -> Callable[..., Any]:
    found: Any = {"Tensor": torch.Tensor, "operator": operator}.get(name.partition(".")[0], torch)
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


class Outcome:
    """What torch or the table says: a value, or that it refuses."""

    def __init__(self, ask: Callable[[], Any], refusals: type[BaseException] | tuple[type[BaseException], ...]) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.value = ask()
            except refusals as error:
                self.error = error


# Torch's own error types; NotImplementedError is a RuntimeError.
TORCH_REFUSES = (RuntimeError, ValueError, TypeError, IndexError, AssertionError, ZeroDivisionError, OverflowError)


def never_fails(ask: Callable[[], Any]) -> None:
    """Any value whatever: an answer, a refusal or not clear, never another exception."""
    with suppress(Refused, Unclear):
        ask()


def spec_of_any(value: Any) -> Any:
    return mapped(value, spec_of)


def built_and_called(path: str, build: Any, args: Any, kwargs: Any, training: bool) -> Result:
    spec = layer(path)
    assert spec is not None, path
    return call_layer(spec, build_layer(spec, (), build), args, kwargs, training)


# Some CPU kernels let pass what the operator's own check refuses, or return a tensor without elements.
ARBITRATED = (ProblemKind.OUTPUT_SIZE, ProblemKind.MATRIX)


class Oracle:
    """Asserts that the table agrees with torch. All methods return whether torch accepted the case."""

    def function(self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
        spec = function(name)
        assert spec is not None, name
        theirs = Outcome(
            lambda: torch_function(name)(*mapped(args, torch.clone), **mapped(dict(kwargs), torch.clone)), TORCH_REFUSES
        )

        def ask(change: Callable[[torch.Tensor], Any], args: Any = args, kwargs: Any = kwargs) -> Result:
            return apply_function(spec, mapped(args, change), mapped(dict(kwargs), change))

        def on_meta() -> Outcome:
            moved = (mapped(value, lambda tensor: tensor.to("meta")) for value in (args, dict(kwargs)))
            return Outcome(lambda: torch_function(name)(*next(moved), **next(moved)), TORCH_REFUSES)

        return self._compare(theirs, ask, args, kwargs, on_meta)

    def layer(
        self, path: str, build: Mapping[str, Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], training: bool
    ) -> bool:
        spec = layer(path)
        assert spec is not None, path
        theirs = Outcome(lambda: torch_function(path)(**build), TORCH_REFUSES)
        told = mapped(dict(build), spec_of)
        ours = Outcome(lambda: build_layer(spec, (), told), Refused)
        if theirs.error is not None or ours.error is not None:
            assert (
                theirs.error is None or ours.error is not None or self._refuses_call(spec, ours.value, args, kwargs)
            ), f"torch refuses to build: {theirs.error!r}; the table: {ours.value}"
            if theirs.error is None:
                module = theirs.value
                called = Outcome(lambda: module.train(training)(*args, **kwargs), TORCH_REFUSES)
                assert called.error is not None, f"the table refuses to build: {ours.error}, torch builds and runs"
            return False
        module, state = theirs.value.train(training), ours.value
        lazy = spec.materialize is not None
        if not lazy:
            self.same_state(module, state)
        called = Outcome(lambda: module(*mapped(args, torch.clone), **mapped(dict(kwargs), torch.clone)), TORCH_REFUSES)

        def ask(change: Callable[[torch.Tensor], Any], args: Any = args, kwargs: Any = kwargs) -> Result:
            return call_layer(spec, state, mapped(args, change), mapped(dict(kwargs), change), training)

        def on_meta() -> Outcome:
            return Outcome(lambda: module.to("meta")(*mapped(args, lambda tensor: tensor.to("meta"))), TORCH_REFUSES)

        accepted = self._compare(called, ask, args, kwargs, on_meta)
        if accepted:
            after = materialize_layer(spec, state, mapped(args, spec_of), mapped(dict(kwargs), spec_of))
            self.same_state(module, after)
            self._unknown_arguments(
                told, lambda changed: call_layer(spec, build_layer(spec, (), changed), mapped(args, spec_of),
                                                  mapped(dict(kwargs), spec_of), training), called.value,
            )  # fmt: skip
        return accepted

    def same_state(self, module: torch.nn.Module, state: LayerState) -> None:
        """Parameters, buffers and attributes as torch has them."""
        assert {name: tuple(p.shape) for name, p in module.named_parameters()} == {
            name: shape for name, shape in state.parameters.items() if shape is not None
        }
        assert {name: tuple(p.shape) for name, p in module.named_buffers()} == {
            name: shape for name, shape in state.buffers.items() if shape is not None
        }
        assert set(module._parameters) == {name for name in state.parameters if "." not in name}
        theirs = {key: plain(getattr(module, key)) for key in state.attributes}
        assert theirs == {key: plain(value) for key, value in state.attributes.items()}

    def hold_function(self, name: str, cases: st.SearchStrategy[Any], examples: int = EXAMPLES) -> None:
        """Every drawn ``(args, kwargs)`` gets the same answer from both; some are accepted."""
        accepted: list[bool] = []

        @settings(max_examples=examples)
        @given(cases, st.data())
        def run(case: Any, data: st.DataObject) -> None:
            accepted.append(self.function(name, *case))
            spec, (args, kwargs) = function(name), case
            keys = list(kwargs) or [""]
            changed = {**kwargs, data.draw(st.sampled_from(keys)): data.draw(st.sampled_from(WEIRD))}
            never_fails(lambda: apply_function(spec, mapped(args, spec_of), mapped(changed, spec_of)))

        run()
        if not any(accepted) and examples <= EXAMPLES:  # the draw was unlucky: look further
            self.hold_function(name, cases, 20 * examples)
        else:
            assert any(accepted), "no drawn case is accepted"

    def hold_layer(self, path: str, cases: st.SearchStrategy[Any], examples: int = EXAMPLES) -> None:
        """Every drawn ``(constructor's kwargs, args, kwargs)`` gets the same answer from both; some are accepted."""
        accepted: list[bool] = []

        @settings(max_examples=examples)
        @given(cases, st.booleans(), st.data())
        def run(case: Any, training: bool, data: st.DataObject) -> None:
            accepted.append(self.layer(path, *case, training))
            build, args, kwargs = case
            key = data.draw(st.sampled_from([*build, ""]))
            changed = {**mapped(dict(build), spec_of), key: data.draw(st.sampled_from(WEIRD))}
            changed.pop("", None)
            weird = [data.draw(st.sampled_from(WEIRD)) if data.draw(st.booleans()) else spec_of_any(a) for a in args]
            never_fails(lambda: built_and_called(path, changed, weird, mapped(kwargs, spec_of), training))

        run()
        if not any(accepted) and examples <= EXAMPLES:  # the draw was unlucky: look further
            self.hold_layer(path, cases, 20 * examples)
        else:
            assert any(accepted), "no drawn case is accepted"

    def _refuses_call(self, spec: Any, state: LayerState, args: Any, kwargs: Any) -> bool:
        ask = Outcome(lambda: call_layer(spec, state, mapped(args, spec_of), mapped(dict(kwargs), spec_of)), Refused)
        return ask.error is not None

    def _compare(
        self, theirs: Outcome, ask: Callable[..., Result], args: Any, kwargs: Any,
        on_meta: Callable[[], Outcome],
    ) -> bool:  # fmt: skip
        ours = Outcome(lambda: ask(spec_of), Refused)
        if theirs.error is not None:
            assert ours.error is not None, f"torch refuses: {theirs.error!r}; the table gives {ours.value}"
            return False
        if isinstance(ours.error, Refused) and ours.error.problem.kind in ARBITRATED:
            empty = isinstance(theirs.value, torch.Tensor) and not theirs.value.numel()
            assert empty or on_meta().error is not None, f"only the table refuses: {ours.error}"
            return False
        assert ours.error is None, f"the table refuses: {ours.error}; torch gives {shapes(theirs.value)}"
        assert shapes(theirs.value) == shapes(ours.value.output)
        assert consistent(dtypes(theirs.value), dtypes(ours.value.output))
        symbols = Symbols({})
        try:
            loose = ask(symbols.of)
        except Unclear:
            loose = None
        if loose is not None:
            assert consistent(shapes(theirs.value), shapes(loose.output, symbols.back))
        rankless = {key: TensorSpec(None) for key, value in kwargs.items() if isinstance(value, torch.Tensor)}
        for key, value in rankless.items():
            Outcome(lambda: ask(spec_of, kwargs={**kwargs, key: value}), Unclear)  # noqa: B023 - called at once
        self._unknown_arguments(kwargs, lambda changed: ask(spec_of, kwargs=changed), theirs.value)
        return True

    def _unknown_arguments(self, kwargs: Mapping[str, Any], ask: Callable[[Any], Result], output: Any) -> None:
        for key in kwargs:
            try:
                loose = ask({**kwargs, key: UNKNOWN})
            except Unclear:
                continue
            assert consistent(shapes(output), shapes(loose.output, lambda size: size)), key


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    return Oracle()
