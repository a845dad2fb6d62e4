"""Torch as the oracle for tensor functions.

A test module holds a table from names to functions that draw arguments from a :class:`Draw`, valid and invalid ones.
The driver gives the same arguments to torch and to the table. Shapes, types and carried values must agree, or both
must refuse. Every accepted case is asked again with the elements hidden, with symbols for sizes, and with single
arguments unknown: then nothing may be refused, and what is known must still agree.
"""

from __future__ import annotations

import math
import operator
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cnnlint.graph.dims import Sym, is_known, substitute, symbol
from cnnlint.ops.spec import UNKNOWN, Args, FunctionSpec, Refused, Result, TensorSpec, Unclear
from cnnlint.ops.tensors import FUNCTIONS

warnings.filterwarnings("ignore")

# Cases a function in an ordinary run; a sweep sets more.
EXAMPLES = int(os.environ.get("CNNLINT_OPS_EXAMPLES", "20"))
PHASES = (Phase.generate,) if os.environ.get("CNNLINT_OPS_FIRST") else (Phase.generate, Phase.shrink)
BY_NAME = {name: spec for spec in FUNCTIONS for name in spec.names}
REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError)
FLOATS = ("float32", "float32", "float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int64", "int32", "uint8", "int8")
DTYPES = (*FLOATS, *INTEGERS, "bool")


class Draw:
    """Draws arguments; what is drawn is mostly valid."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def int(self, low: int, high: int) -> int:
        return self.data.draw(st.integers(low, high))

    def pick(self, *options: Any) -> Any:
        return self.data.draw(st.sampled_from(options))

    def flag(self) -> bool:
        return self.data.draw(st.booleans())

    def rarely(self) -> bool:
        return self.int(0, 9) == 9

    def maybe(self, value: Any) -> Any:
        return None if self.flag() else value

    def number(self) -> Any:
        return self.pick(0, 1, 2, 3, -1, -2, 0.5, 1.5, -0.25, 2.0, True)

    def shape(self, low: int = 0, high: int = 4, most: int = 4) -> tuple[int, ...]:
        return tuple(self.pick(0, 1, 1, 2, 2, 3, 3, most) for _ in range(self.int(low, high)))

    def near(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Mostly ``shape`` itself."""
        sizes = list(shape)
        if sizes and self.rarely():
            sizes[self.int(0, len(sizes) - 1)] = self.int(0, 4)
        return tuple(sizes) if not self.rarely() else self.shape()

    def fitting(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Mostly a shape that broadcasts with ``shape``."""
        sizes = [1 if self.int(0, 3) == 3 else size for size in shape]
        return self.near(sizes[self.pick(0, 0, 0, self.int(0, len(sizes))) :])

    def dtype(self) -> str:
        return self.pick(*DTYPES)

    def tensor(self, shape: Sequence[int] | None = None, dtype: str | None = None) -> torch.Tensor:
        """Elements are small multiples of a quarter, or small integers."""
        sizes = self.shape() if shape is None else tuple(shape)
        kind = self.pick("float32", "float32", self.dtype()) if dtype is None else dtype
        numbers = torch.arange(math.prod(sizes)) * self.pick(1, 3, 5, 7) % 11 + self.pick(0, -3, 1)
        if kind in FLOATS:
            numbers = numbers / 4
        return numbers.reshape(sizes).to(getattr(torch, kind))

    def floats(self, shape: Sequence[int] | None = None) -> torch.Tensor:
        return self.tensor(shape, "float32")

    def mask(self, shape: Sequence[int]) -> torch.Tensor:
        return self.tensor(shape, "int64") % 2 == 0

    def indices(self, shape: Sequence[int], limit: int) -> torch.Tensor:
        """Positions on an axis of ``limit``, seldom beyond it."""
        found = self.tensor(shape, "int64").abs() % max(limit, 1)
        return found + (limit if self.rarely() else 0)

    def axis(self, rank: int) -> int:
        return self.int(-rank, max(rank - 1, 0)) if not self.rarely() else self.pick(rank, -rank - 1, rank + 3)

    def axes(self, rank: int) -> Any:
        """One axis, several, or all."""
        several = self.data.draw(st.permutations(range(max(rank, 1))))[: self.int(0, max(rank, 1))]
        signed = [axis - rank if self.flag() else axis for axis in several]
        return self.pick(None, self.axis(rank), self.axis(rank), tuple(signed), signed)

    def sizes(self) -> tuple[int, ...]:
        return tuple(self.int(0, 3) for _ in range(self.int(0, 3))) if not self.rarely() else (2, -1)


Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Case = Callable[[Draw], Any]


def assigned(tensor: torch.Tensor, index: Any, value: Any) -> torch.Tensor:
    tensor[index] = value
    return tensor


def oracle(name: str) -> Callable[..., Any]:
    """What torch (or Python's ``operator``) calls ``name``; attributes of tensors become functions."""
    if name == "operator.setitem":
        return assigned
    if name.startswith("operator."):
        return getattr(operator, name.removeprefix("operator."))  # type: ignore[no-any-return]
    found: Any = torch.Tensor if name.startswith("Tensor.") else torch
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found if callable(found) else operator.attrgetter(name.removeprefix("Tensor."))  # type: ignore[no-any-return]


def dtype_of(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def known(tensor: torch.Tensor) -> TensorSpec:
    return TensorSpec(tuple(tensor.shape), dtype_of(tensor), tuple(tensor.flatten().tolist()))


def hidden(tensor: torch.Tensor) -> TensorSpec:
    return TensorSpec(tuple(tensor.shape), dtype_of(tensor))


def mapped(value: Any, tensor: Callable[[torch.Tensor], Any], size: Callable[[int], Any] = lambda size: size) -> Any:
    """``value`` with every tensor and every integer in it changed."""
    match value:
        case torch.Tensor():
            return tensor(value)
        case torch.dtype():
            return str(value)
        case slice():
            return slice(*(mapped(item, tensor, size) for item in (value.start, value.stop, value.step)))
        case torch.Size():
            return tuple(mapped(item, tensor, size) for item in value)
        case list() | tuple():
            return type(value)(mapped(item, tensor, size) for item in value)
        case dict():
            return {key: mapped(item, tensor, size) for key, item in value.items()}
        case bool():
            return value
        case int():
            return size(value)
    return value


def cloned(value: Any) -> Any:
    """A copy that torch may write into."""
    match value:
        case torch.Tensor():
            return value.clone()
        case list() | tuple():
            return type(value)(map(cloned, value))
        case dict():
            return {key: cloned(item) for key, item in value.items()}
    return value


class Symbols:
    """Symbols for numbers, each its own, and the way back."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def size(self, value: int) -> Any:
        if value < 2:  # torch's squeeze and broadcasting look for size 1; symbols stand for other sizes
            return value
        name = f"s{len(self.values)}"
        self.values[name] = value
        return symbol(name)

    def tensor(self, tensor: torch.Tensor) -> TensorSpec:
        return TensorSpec(tuple(map(self.size, tensor.shape)), dtype_of(tensor))

    def back(self, value: Any) -> Any:
        return substitute(value, self.values) if isinstance(value, Sym) else value


def call(spec: FunctionSpec, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Result:
    return spec.entry(Args(spec.name, spec.signature.bind(args, kwargs)))


def disagreement(theirs: Any, ours: Any, back: Callable[[Any], Any] = lambda value: value) -> str | None:
    """What the table says otherwise than torch; unknown parts agree with everything."""
    if isinstance(theirs, torch.Tensor):
        if not isinstance(ours, TensorSpec):
            return f"{ours!r} is no tensor"
        return _tensor_disagreement(theirs, ours, back)
    if isinstance(theirs, list | tuple):
        if not isinstance(ours, list | tuple) or len(ours) != len(theirs):
            return f"{ours!r} for {theirs!r}"
        fields = getattr(theirs, "_fields", getattr(ours, "_fields", ()))
        if any(not hasattr(theirs, field) for field in getattr(ours, "_fields", fields)):
            return f"{fields} are no fields of {type(theirs)}"
        found = [disagreement(left, right, back) for left, right in zip(theirs, ours, strict=True)]
        return next((text for text in found if text), None)
    ours = back(ours)
    if isinstance(ours, Sym) and not is_known(ours):
        return None
    return None if alike(theirs, ours) else f"{ours!r} for {theirs!r}"


def _tensor_disagreement(theirs: torch.Tensor, ours: TensorSpec, back: Callable[[Any], Any]) -> str | None:
    if ours.shape is not None:
        shape = tuple(map(back, ours.shape))
        if len(shape) != theirs.dim():
            return f"shape {shape} for {tuple(theirs.shape)}"
        for size, wanted in zip(shape, theirs.shape, strict=True):
            if size != wanted and not (isinstance(size, Sym) and not is_known(size)):
                return f"shape {shape} for {tuple(theirs.shape)}"
    if ours.dtype is not None and ours.dtype != dtype_of(theirs):
        return f"type {ours.dtype} for {theirs.dtype}"
    if ours.values is not None:
        values = theirs.flatten().tolist()
        if len(values) != len(ours.values) or not all(map(alike, values, ours.values)):
            return f"values {ours.values} for {values}"
    return None


def alike(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isclose(left, right, rel_tol=2e-2, abs_tol=2e-2) or (math.isnan(left) and math.isnan(right))
    return bool(left == right)


class Driver:
    """Holds the table against torch."""

    def __init__(self, name: str) -> None:
        self.name, self.spec, self.torch = name, BY_NAME[name], oracle(name)

    def compare(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        """Whether torch accepts the call; asserts that the table says the same."""
        try:
            theirs = self.torch(*cloned(args), **cloned(kwargs))
        except NotImplementedError:
            return False  # a kernel that the CPU lacks says nothing about the operation
        except REFUSALS as error:
            if "on CPU" not in str(error):
                self._refuses(args, kwargs, error)
            return False
        strict = self._ask(mapped(args, known), mapped(kwargs, known))
        assert not isinstance(strict, Refused), f"only the table refuses: {strict.problem.text}; torch: {theirs}"
        if isinstance(strict, Result):
            self._agrees(theirs, strict)
        self._looser(theirs, args, kwargs)
        return isinstance(strict, Result)

    def _ask(self, args: Any, kwargs: Any) -> Result | Refused | Unclear:
        try:
            return call(self.spec, args, kwargs)
        except (Refused, Unclear) as answer:
            return answer

    def _refuses(self, args: Any, kwargs: Any, error: BaseException) -> None:
        ours = self._ask(mapped(args, known), mapped(kwargs, known))
        assert isinstance(ours, Refused), f"only torch refuses: {error!r}; the table: {ours}"
        assert ours.problem.text[0].islower(), ours.problem.text

    def _agrees(self, theirs: Any, ours: Result, back: Callable[[Any], Any] = lambda value: value) -> None:
        text = disagreement(theirs, ours.output, back)
        assert text is None, text

    def _looser(self, theirs: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """With less known, nothing may be refused and nothing known may differ."""
        for change in (
            hidden,
            lambda tensor: TensorSpec(tuple(tensor.shape), None),
            lambda tensor: TensorSpec(None, None),
        ):
            self._still(theirs, mapped(args, change), mapped(kwargs, change))
        sizes = Symbols()
        self._still(theirs, mapped(args, sizes.tensor), mapped(kwargs, sizes.tensor), sizes.back)
        every = Symbols()
        self._still(
            theirs, mapped(args, every.tensor, every.size), mapped(kwargs, every.tensor, every.size), every.back
        )
        for at in range(len(args)):
            self._still(
                theirs, [*mapped(args[:at], known), UNKNOWN, *mapped(args[at + 1 :], known)], mapped(kwargs, known)
            )
        for key in kwargs:
            self._still(theirs, mapped(args, known), {**mapped(kwargs, known), key: UNKNOWN})

    def _still(self, theirs: Any, args: Any, kwargs: Any, back: Callable[[Any], Any] = lambda value: value) -> None:
        ours = self._ask(args, kwargs)
        assert not isinstance(ours, Refused), f"refuses {args} {kwargs}: {ours.problem.text}"
        if isinstance(ours, Result):
            self._agrees(theirs, ours, back)


@pytest.fixture(scope="session")
def hold() -> Callable[..., None]:
    """Asserts that the function of that name agrees with torch on drawn arguments, and that torch accepts some.

    A case returns the positional arguments, or a pair of those and keyword arguments; ``weight`` multiplies the
    number of drawn calls."""

    def run(name: str, case: Case, weight: float = 1) -> None:
        driver, accepted = Driver(name), []

        @settings(max_examples=int(EXAMPLES * weight), phases=PHASES)
        @given(st.data())
        def agree(data: st.DataObject) -> None:
            drawn = case(Draw(data))
            args, kwargs = drawn if len(drawn) == 2 and isinstance(drawn[1], dict) else (drawn, {})
            data.draw(st.just((args, kwargs)))
            accepted.append(driver.compare(args, kwargs))

        agree()
        assert any(accepted), "no drawn call is accepted"

    return run
