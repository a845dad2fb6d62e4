"""Batch and instance normalisation layers, lazy ones too."""

from __future__ import annotations

from functools import partial

from cnnlint.graph.dims import Dim, opaque
from cnnlint.ops.layers.common import PLACE, Forward, certain, has
from cnnlint.ops.neural.norms import batch_norm, instance_norm, wants_axes
from cnnlint.ops.reading import attribute, held_size, like, parameter, size_of, wants_channels, wants_rank
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, Signature, TensorSpec

# Accepted numbers of axes by class; without an entry, any number of at least 2.
_BATCH_RANKS = {1: (2, 3), 2: (4,), 3: (5,)}
_INSTANCE_RANKS = {1: (2, 3), 2: (3, 4), 3: (4, 5)}


def _state(args: Args, features: Dim, stored: Dim) -> LayerState:
    """``features`` sizes the parameters, ``stored`` is what ``num_features`` says."""
    affine, tracks = certain(args, "affine"), certain(args, "track_running_stats")
    return LayerState(
        {
            "num_features": stored, "eps": args.bound["eps"], "momentum": args.bound["momentum"], "affine": affine,
            "track_running_stats": tracks,
        },
        {"weight": has(affine, (features,)), "bias": has(affine and certain(args, "bias"), (features,))},
        {
            "running_mean": has(tracks, (features,)), "running_var": has(tracks, (features,)),
            "num_batches_tracked": has(tracks, ()),
        },
    )  # fmt: skip


def _build(args: Args) -> LayerState:
    features = size_of(args, "num_features")
    return _state(args, features, features)


def _build_lazy(args: Args) -> LayerState:
    return _state(args, opaque(1), 0)


def _materialize(state: LayerState, args: Args) -> LayerState:
    """A lazy layer takes its channels from axis 1 of its first input, if it has anything to size by them."""
    held = (*state.parameters.values(), *state.buffers.values())
    if attribute(state, "num_features") != 0 or not any(held):
        return state
    shape = args.shape("input")
    wants_axes(shape, 2)
    return LayerState(
        {**state.attributes, "num_features": shape[1]},
        {name: old and shape[1:2] for name, old in state.parameters.items()},
        {name: old and shape[1:2] for name, old in state.buffers.items()},
    )


def _held(state: LayerState) -> dict[str, object]:
    return {key: parameter(state, key) for key in ("weight", "bias", "running_mean", "running_var")}


def _forward_batch(state: LayerState, args: Args, ranks: tuple[int, ...]) -> Result:
    shape = args.shape("input")
    if ranks:
        wants_rank(shape, *ranks)
    held = _held(state)
    training = args.training or (held["running_mean"] is None and held["running_var"] is None)
    return batch_norm(Args("batch_norm", {**args.bound, **held, "training": training}, args.training))


def _forward_instance(state: LayerState, args: Args, ranks: tuple[int, ...]) -> Result:
    tensor, shape = args.tensor("input"), args.shape("input")
    wants_rank(shape, *ranks)
    held = _held(state)
    batched = shape if len(shape) == ranks[-1] else (1, *shape)
    if attribute(state, "affine"):
        wants_channels(held_size(state, "num_features"), batched[1], "channel", len(shape) - len(ranks) + 1, None)
    own = args.training or not attribute(state, "track_running_stats")
    bound = {"input": TensorSpec(batched, tensor.dtype), **held, "use_input_stats": own}
    result = instance_norm(Args("instance_norm", bound, args.training))
    return Result(like(tensor), result.op)


_BATCH = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True" + PLACE
_INSTANCE = "eps=1e-05, momentum=0.1, affine=False, track_running_stats=False" + PLACE
_BIAS = ", *, bias=True"


def _batch(path: str, ranks: tuple[int, ...], signature: str = _BATCH + _BIAS) -> LayerSpec:
    forward = partial(_forward_batch, ranks=ranks)
    return LayerSpec(f"torch.nn.{path}", Signature("num_features, " + signature), _build, forward)


def _lazy(path: str, forward: Forward) -> LayerSpec:
    signature = Signature(_BATCH + _BIAS)
    return LayerSpec(f"torch.nn.Lazy{path}", signature, _build_lazy, forward, materialize=_materialize)


def _family(n: int) -> tuple[LayerSpec, ...]:
    instance = partial(_forward_instance, ranks=_INSTANCE_RANKS[n])
    return (
        _batch(f"BatchNorm{n}d", _BATCH_RANKS[n]),
        _lazy(f"BatchNorm{n}d", partial(_forward_batch, ranks=_BATCH_RANKS[n])),
        LayerSpec(f"torch.nn.InstanceNorm{n}d", Signature("num_features, " + _INSTANCE + _BIAS), _build, instance),
        _lazy(f"InstanceNorm{n}d", instance),
    )


_SYNC = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, process_group=None" + PLACE

LAYERS: tuple[LayerSpec, ...] = (
    *(spec for n in (1, 2, 3) for spec in _family(n)),
    _batch("SyncBatchNorm", (), _SYNC + _BIAS),
    _batch("modules.batchnorm._BatchNorm", ()),
)
