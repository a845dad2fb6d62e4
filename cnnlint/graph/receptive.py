"""Receptive field and effective stride of every tensor, by path (formula F5 of the rule catalogue).

Along each spatial axis a tensor has a receptive field ``r`` in input pixels and an effective stride ``j`` (the step in
input pixels between neighbouring positions). Both differ between paths of different depth, so the least and the
greatest are kept. A convolution or pool adds ``dilation * (kernel - 1) * j`` and multiplies the stride; a transposed
one adds ``floor(dilation * (kernel - 1) / stride) * j`` and divides it. Whatever lets a position read all of the input
(global pooling, flatten, attention) makes ``r`` unbounded. Source: Araujo et al., doi 10.23915/distill.00021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias
from weakref import WeakKeyDictionary

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    AdaptivePooling,
    Attention,
    Convolution,
    Dense,
    MatrixProduct,
    Merge,
    MergeKind,
    Opaque,
    PixelShuffle,
    Pooling,
    Recurrent,
    Reduction,
    Resample,
    Reshape,
    ReshapeKind,
    Sample,
    Unfold,
)  # fmt: skip

UNBOUNDED = math.inf

Step: TypeAlias = Callable[["Axis", int, int, int], "Axis"]


@dataclass(frozen=True, slots=True)
class Axis:
    """One spatial axis: receptive field and effective stride over the paths that reach a tensor, least and greatest.
    ``math.inf`` stands for the whole input."""

    r_min: float = 1
    r_max: float = 1
    j_min: Fraction = Fraction(1)
    j_max: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Field:
    """Receptive field of one tensor by spatial axis, outermost first.

    ``gated`` says that a gate computed from the whole map (squeeze-and-excitation) scales it: through the gate every
    position knows all of the input, along the path itself only what ``axes`` say."""

    axes: tuple[Axis, ...]
    gated: bool = False

    @property
    def size(self) -> tuple[int | None, ...]:
        """Greatest receptive field by axis, in pixels; ``None`` where it is the whole input."""
        return tuple(None if axis.r_max == UNBOUNDED else int(axis.r_max) for axis in self.axes)

    @property
    def stride(self) -> tuple[int | None, ...]:
        """Effective stride by axis, in pixels; ``None`` where positions are gone or it is no whole number."""
        return tuple(
            int(axis.j_max) if axis.r_max != UNBOUNDED and axis.j_max.denominator == 1 else None for axis in self.axes
        )

    @property
    def unbounded(self) -> bool:
        return any(axis.r_max == UNBOUNDED for axis in self.axes)


_computed: WeakKeyDictionary[ModelGraph, Mapping[Tensor, Field]] = WeakKeyDictionary()


def receptive_fields(graph: ModelGraph) -> Mapping[Tensor, Field]:
    """The field of every tensor that depends on a model input with spatial axes ``(N, C, *spatial)``.

    Several rules ask for it, so it is kept as long as the graph is."""
    if graph not in _computed:
        _computed[graph] = _receptive_fields(graph)
    return _computed[graph]


def _receptive_fields(graph: ModelGraph) -> dict[Tensor, Field]:
    fields: dict[Tensor, Field] = {}
    axes = _spatial_axes(graph)
    for tensor in graph.inputs:
        if tensor.shape is not None and len(tensor.shape) == axes + 2:
            fields[tensor] = Field((Axis(),) * axes)
    for node in graph.nodes:
        sources = [fields[tensor] for tensor in node.inputs if tensor in fields]
        if sources:
            result = _step(node, _merged(node, sources))
            for output in node.outputs:
                fields[output] = result
    return fields


def _spatial_axes(graph: ModelGraph) -> int:
    """How many spatial axes the model works on: what its first convolution or pool has."""
    for node in graph.nodes:
        if isinstance(node.op, Convolution | Pooling):
            return len(node.op.kernel_size)
    return 2


def _merged(node: Node, sources: list[Field]) -> Field:
    """Paths joined: least and greatest of each. A gate computed from the whole map does not widen what it gates."""
    if isinstance(node.op, Merge) and node.op.kind is MergeKind.MULTIPLY and len(sources) > 1:
        bounded = [field for field in sources if not field.unbounded]
        if bounded and len(bounded) < len(sources):
            return replace(_joined(bounded), gated=True)
    return _joined(sources)


def _joined(sources: list[Field]) -> Field:
    if len(sources) == 1:
        return sources[0]
    return Field(
        tuple(
            Axis(
                min(axis.r_min for axis in axes), max(axis.r_max for axis in axes),
                min(axis.j_min for axis in axes), max(axis.j_max for axis in axes),
            )
            for axes in zip(*(field.axes for field in sources), strict=True)
        ),
        any(field.gated for field in sources),
    )  # fmt: skip


def _step(node: Node, field: Field) -> Field:
    match node.op:
        case Convolution(transposed=True) as conv:
            return _each(field, conv.kernel_size, conv.stride, conv.dilation, _transposed)
        case Convolution() | Pooling() as window:
            return _each(field, window.kernel_size, window.stride, window.dilation, _window)
        case Unfold(inverse=False) as window:
            return _each(field, window.kernel_size, window.stride, window.dilation, _window)
        case AdaptivePooling(output_size=sizes):
            return _adaptive(node, field, sizes)
        case Resample():
            return _resampled(node.op, field)
        case PixelShuffle(factor=int() as factor, inverse=inverse):
            return _scaled(field, Fraction(factor) if inverse else Fraction(1, factor))
        case Reduction(axes=axes) if _spatial(node, axes):
            return _whole(field)
        case Attention() | MatrixProduct() | Recurrent() | Sample() | Opaque():
            return _whole(field)
        case Reshape(kind=ReshapeKind.FLATTEN | ReshapeKind.VIEW):
            return _reshaped(node, field)
        case Dense() if field.unbounded:
            return _whole(field)
        case _:
            return field


def _each(
    field: Field, kernels: tuple[Dim, ...], strides: tuple[Dim, ...], dilations: tuple[Dim, ...], step: Step
) -> Field:
    if len(kernels) != len(field.axes):
        return _whole(field)
    axes = []
    for axis, kernel, stride, dilation in zip(field.axes, kernels, strides, dilations, strict=True):
        if isinstance(kernel, int) and isinstance(stride, int) and isinstance(dilation, int) and stride > 0:
            axes.append(step(axis, kernel, stride, dilation))
        else:
            axes.append(_unbounded(axis))
    return replace(field, axes=tuple(axes))


def _window(axis: Axis, kernel: int, stride: int, dilation: int) -> Axis:
    reach = dilation * (kernel - 1)
    return Axis(
        axis.r_min + float(reach * axis.j_min), axis.r_max + float(reach * axis.j_max),
        axis.j_min * stride, axis.j_max * stride,
    )  # fmt: skip


def _transposed(axis: Axis, kernel: int, stride: int, dilation: int) -> Axis:
    reach = dilation * (kernel - 1) // stride
    return Axis(
        axis.r_min + float(reach * axis.j_min), axis.r_max + float(reach * axis.j_max),
        axis.j_min / stride, axis.j_max / stride,
    )  # fmt: skip


def _unbounded(axis: Axis) -> Axis:
    return Axis(UNBOUNDED, UNBOUNDED, axis.j_min, axis.j_max)


def _whole(field: Field) -> Field:
    return replace(field, axes=tuple(_unbounded(axis) for axis in field.axes))


def _scaled(field: Field, factor: Fraction) -> Field:
    return replace(field, axes=tuple(Axis(a.r_min, a.r_max, a.j_min * factor, a.j_max * factor) for a in field.axes))


def _adaptive(node: Node, field: Field, sizes: tuple[Dim, ...]) -> Field:
    """An adaptive pool to the size it is given changes nothing; any other reads windows that depend on the input."""
    shape = node.inputs[0].shape
    if shape is not None and tuple(shape[-len(sizes) :]) == tuple(sizes):
        return field
    return _whole(field)


def _resampled(op: Resample, field: Field) -> Field:
    if op.scale is None or len(op.scale) != len(field.axes):
        return _whole(field)
    blends = op.mode not in ("nearest", "nearest-exact", "area")
    axes = []
    for axis, (up, down) in zip(field.axes, op.scale, strict=True):
        factor = Fraction(down, up)
        extra_min, extra_max = (axis.j_min, axis.j_max) if blends and factor != 1 else (Fraction(0), Fraction(0))
        axes.append(
            Axis(axis.r_min + float(extra_min), axis.r_max + float(extra_max), axis.j_min * factor, axis.j_max * factor)
        )
    return replace(field, axes=tuple(axes))


def _spatial(node: Node, axes: tuple[int, ...]) -> bool:
    """Whether a reduction runs over positions rather than channels or the batch."""
    return any(axis >= 2 for axis in axes)


def _reshaped(node: Node, field: Field) -> Field:
    """A flatten that joins positions into features lets the next layer read all of them."""
    before, after = node.inputs[0].shape, node.output.shape
    if before is None or after is None or len(before) <= 2:
        return field
    positions = before[2:]
    single = all(isinstance(size, int) and size == 1 for size in positions)
    if len(after) == 2 and not single:
        return _whole(field)
    return field
