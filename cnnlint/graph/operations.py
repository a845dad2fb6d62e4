"""What a call does, in the field's terms: the vocabulary that rules match on.

Every node of a graph carries one of these. They hold plain facts (kernel size, stride, groups), normalised to one
entry an axis, and nothing about where the call stands. Sizes are :data:`~cnnlint.graph.dims.Dim`; a fact that is not
known is an unknown dimension, never a guess.

    match node.op:
        case Convolution(groups=1, transposed=False) as conv: ...
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cnnlint.graph.dims import Dim

Axes = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """What one call computes. ``name`` is torch's function name: ``"conv2d"``, ``"add"``, ``"flatten"``."""

    name: str


@dataclass(frozen=True, slots=True)
class Convolution(Operation):
    """A convolution over ``len(kernel_size)`` axes. ``padding`` is pixels on either side of each axis, before any
    string form (``padding_text`` keeps that); ``pad_after`` differs from it only for an uneven ``'same'``."""

    in_channels: Dim
    out_channels: Dim
    kernel_size: Axes
    stride: Axes
    padding: Axes
    pad_after: Axes
    dilation: Axes
    groups: Dim
    bias: bool
    padding_text: str | None = None
    padding_mode: str = "zeros"
    transposed: bool = False
    output_padding: Axes = ()


@dataclass(frozen=True, slots=True)
class Pooling(Operation):
    """A sliding-window pool. ``kind`` is ``max``, ``avg``, ``lp`` or ``fractional``; ``computed`` is whether a
    functional call was given its kernel size as anything but numbers, such as the size of its input."""

    kind: str
    kernel_size: Axes
    stride: Axes
    padding: Axes
    dilation: Axes
    ceil_mode: bool = False
    computed: bool = False


@dataclass(frozen=True, slots=True)
class AdaptivePooling(Operation):
    """A pool to a fixed output size. ``kind`` is ``max`` or ``avg``."""

    kind: str
    output_size: Axes


@dataclass(frozen=True, slots=True)
class Dense(Operation):
    """``linear``: weights of ``in_features`` x ``out_features`` on the last axis."""

    in_features: Dim
    out_features: Dim
    bias: bool


class NormKind(StrEnum):
    BATCH = "batch"
    INSTANCE = "instance"
    GROUP = "group"
    LAYER = "layer"
    RMS = "rms"
    LOCAL_RESPONSE = "local-response"


@dataclass(frozen=True, slots=True)
class Normalisation(Operation):
    """A normalisation over ``features`` channels (``groups`` of them together, for group norm).

    ``uses_batch_statistics`` is whether running statistics exist (batch and instance norm)."""

    kind: NormKind
    features: Dim
    groups: Dim = 1
    affine: bool = True
    tracks_running_stats: bool = False


@dataclass(frozen=True, slots=True)
class Activation(Operation):
    """An element-wise nonlinearity, or softmax over ``dim``; ``implicit`` where torch chose the axis."""

    inplace: bool = False
    dim: int | None = None
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class Dropout(Operation):
    """Dropout of elements, or of whole channels (``channelwise``)."""

    p: float | None
    channelwise: bool = False
    inplace: bool = False
    always_on: bool = False


class MergeKind(StrEnum):
    ADD = "add"
    CONCATENATE = "cat"
    MULTIPLY = "mul"


@dataclass(frozen=True, slots=True)
class Merge(Operation):
    """Two or more tensors joined: residual addition, concatenation along ``axis``, or a gate."""

    kind: MergeKind
    axis: int | None = None
    inplace: bool = False


@dataclass(frozen=True, slots=True)
class MatrixProduct(Operation):
    """``matmul``, ``bmm``, ``einsum``: a product of two computed tensors."""


@dataclass(frozen=True, slots=True)
class Attention(Operation):
    """Attention taken whole: every output position reads every input position."""

    heads: Dim = 1


@dataclass(frozen=True, slots=True)
class Recurrent(Operation):
    """An RNN, LSTM or GRU over a sequence."""

    input_size: Dim
    hidden_size: Dim


@dataclass(frozen=True, slots=True)
class Embedding(Operation):
    """A table look-up."""

    entries: Dim
    width: Dim


@dataclass(frozen=True, slots=True)
class Resample(Operation):
    """Upsampling or downsampling by interpolation. ``scale`` is output size over input size for each axis, where it
    is one whole number or its inverse ``(numerator, denominator)``; ``None`` where it is not known."""

    mode: str
    scale: tuple[tuple[int, int], ...] | None
    align_corners: bool | None = None


@dataclass(frozen=True, slots=True)
class PixelShuffle(Operation):
    """Channels to space by ``factor``, or back when ``inverse``."""

    factor: Dim
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class ChannelShuffle(Operation):
    groups: Dim


@dataclass(frozen=True, slots=True)
class Pad(Operation):
    """Padding: ``amounts`` pixels (before, after) for each spatial axis in order; negative crops."""

    mode: str
    amounts: tuple[tuple[Dim, Dim], ...]


class ReshapeKind(StrEnum):
    FLATTEN = "flatten"
    VIEW = "view"
    PERMUTE = "permute"
    SQUEEZE = "squeeze"
    EXPAND = "expand"


@dataclass(frozen=True, slots=True)
class Reshape(Operation):
    """The same elements under another shape. For a permutation ``order`` is the new order of axes; for a flatten
    ``start``/``end`` are the (non-negative) axes that were joined; ``sizes`` are sizes the source wrote, ``literal``
    whether as numbers; ``axes`` are the axes that a squeeze names, ``None`` if it takes all of size 1."""

    kind: ReshapeKind
    order: tuple[int, ...] | None = None
    start: int | None = None
    end: int | None = None
    sizes: tuple[Dim, ...] | None = None
    axes: tuple[int, ...] | None = None
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Reduction(Operation):
    """``mean``, ``sum``, ``amax``… over ``axes`` (non-negative, sorted)."""

    axes: tuple[int, ...]
    keepdim: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Operation):
    """Part of a tensor: indexing, ``chunk``, ``split``, ``unbind``."""


@dataclass(frozen=True, slots=True)
class Identity(Operation):
    """Returns its input: ``nn.Identity``, ``contiguous``, ``to``, ``detach``."""


@dataclass(frozen=True, slots=True)
class Elementwise(Operation):
    """Arithmetic that keeps every position where it is: with a number, or a function without the word activation.

    ``inplace`` methods end in ``_``. ``linear`` is whether it is an affine map of its tensor input."""

    inplace: bool = False
    linear: bool = False


@dataclass(frozen=True, slots=True)
class Unfold(Operation):
    """Sliding patches gathered (``unfold``) or scattered back (``fold``)."""

    kernel_size: Axes
    stride: Axes
    padding: Axes
    dilation: Axes
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Sample(Operation):
    """``grid_sample`` and the like: positions come from data, so any output may read any input."""


@dataclass(frozen=True, slots=True)
class Loss(Operation):
    """A training loss. ``expects`` says what its input must be: ``logits``, ``log-probabilities``,
    ``probabilities`` or ``values``."""

    expects: str


@dataclass(frozen=True, slots=True)
class Factory(Operation):
    """A tensor made from nothing: ``zeros``, ``arange``, ``randn``."""


@dataclass(frozen=True, slots=True)
class Opaque(Operation):
    """A call whose meaning for positions and channels is not known."""
