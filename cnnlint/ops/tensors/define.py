"""How the modules of this package write their entries down: names, numpy's argument names, in-place forms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cnnlint.graph.dims import Shape, differ
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Merge, Operation
from cnnlint.ops.reading import shown
from cnnlint.ops.spec import Args, Entry, FunctionSpec, Result, Signature, TensorLike, TensorSpec, refuse
from cnnlint.ops.tensors.dtypes import can_cast

# Torch takes numpy's names for these arguments.
_NUMPY = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}


@dataclass(frozen=True)
class TorchSignature(Signature):
    """A signature that also understands numpy's names: ``axis`` for ``dim``, ``keepdims`` for ``keepdim``."""

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(name.strip(" *").partition("=")[0] for name in self.text.split(","))

    @cached_property
    def _listed(self) -> str:
        """The parameter that takes sizes or axes one by one, or as a tuple by its name; empty if there is none."""
        found = re.search(r"(?<!\*)\*(\w+)", self.text)
        return found[1] if found else ""

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if kwargs:
            kwargs = {self._torch_name(name): value for name, value in kwargs.items()}
        if self._listed not in kwargs:
            return super().bind(args, kwargs)
        bound = super().bind(args, {name: value for name, value in kwargs.items() if name != self._listed})
        if bound[self._listed]:
            refuse(ProblemKind.SIGNATURE, f"gets two values for {self._listed}")
        return bound | {self._listed: (kwargs[self._listed],)}

    def _torch_name(self, name: str) -> str:
        alias = _NUMPY.get(name)
        return alias if alias in self._names and name not in self._names else name


def both(name: str, signature: str, entry: Entry, *aliases: str) -> FunctionSpec:
    """A function that is a tensor method too, under the same names."""
    words = (name, *aliases)
    return _spec(name, signature, entry, [f"{owner}.{word}" for word in words for owner in ("torch", "Tensor")])


def method(name: str, signature: str, entry: Entry, *aliases: str) -> FunctionSpec:
    """A tensor method."""
    return _spec(name, signature, entry, [f"Tensor.{word}" for word in (name, *aliases)])


def function(name: str, signature: str, entry: Entry, *aliases: str) -> FunctionSpec:
    """A function of the module ``torch`` that is no method (or one with other arguments)."""
    return _spec(name, signature, entry, [f"torch.{word}" for word in (name, *aliases)])


def operator(name: str, entry: Entry, signature: str = "input, other") -> FunctionSpec:
    """One of Python's operators, by its name in the module ``operator``."""
    return _spec(name.strip("_"), signature, entry, [f"operator.{name}"])


def _spec(name: str, signature: str, entry: Entry, names: Sequence[str]) -> FunctionSpec:
    return FunctionSpec(name, tuple(names), TorchSignature(signature), entry)


def in_place(spec: FunctionSpec, *names: str) -> FunctionSpec:
    """The method that writes its result into its first argument: ``add_`` from ``add``. The result must have the
    shape of that argument and an element type that can be stored in it; ``names`` are more names it goes by."""
    methods = [name for name in spec.names if name.startswith("Tensor.")]

    def entry(args: Args) -> Result:
        return _into_input(args, spec.entry(args))

    return FunctionSpec(spec.name, (*(f"{name}_" for name in methods), *names), spec.signature, entry)


def renamed_in_place(spec: FunctionSpec) -> FunctionSpec:
    """The method that changes the shape of its first argument: ``squeeze_`` from ``squeeze``."""
    methods = tuple(f"{name}_" for name in spec.names if name.startswith("Tensor."))
    return replace(spec, names=methods)


def _into_input(args: Args, result: Result) -> Result:
    target, output = args["input"], result.output
    if not isinstance(target, TensorLike) or not isinstance(output, TensorSpec) or target.shape is None:
        return result
    if output.shape is not None:
        _wants_shape(target.shape, output.shape)
    if not can_cast(output.dtype, target.dtype):
        refuse(
            ProblemKind.DTYPE,
            f"computes {output.dtype}, which cannot be stored in a tensor of {target.dtype}",
            expected=target.dtype,
            got=output.dtype,
        )
    values = output.values if output.dtype == target.dtype else None
    return replace(result, output=TensorSpec(target.shape, target.dtype, values), op=_marked(result.op))


def _wants_shape(target: Shape, output: Shape) -> None:
    if len(target) != len(output) or any(map(differ, target, output)):
        refuse(
            ProblemKind.BROADCAST,
            f"computes shape {shown(output)}, which does not fit into the tensor of shape {shown(target)}",
            expected=target,
            got=output,
        )


def _marked(op: Operation | None) -> Operation | None:
    return replace(op, inplace=True) if isinstance(op, Elementwise | Merge) else op
