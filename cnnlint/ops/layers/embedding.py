"""Embedding layers."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, Sym, differ, less
from cnnlint.graph.model import ProblemKind
from cnnlint.ops.layers.common import PLACE, kept, simple
from cnnlint.ops.neural.embedding import embedding, embedding_bag
from cnnlint.ops.reading import attribute, choice, named, parameter, shown, size_of
from cnnlint.ops.spec import UNKNOWN, Args, LayerSpec, LayerState, Result, refuse

_SHARED = ("max_norm", "norm_type", "scale_grad_by_freq", "sparse")


def _table(args: Args) -> Shape:
    """(entries, width); refuses a ready-made weight of another shape."""
    table = size_of(args, "num_embeddings"), size_of(args, "embedding_dim")
    if args.given("_weight") and args.bound["_weight"] is not UNKNOWN:
        weight = args.shape("_weight")
        if len(weight) != 2 or any(map(differ, weight, table)):
            text = f"needs a weight of shape {shown(table)}, gets {shown(weight)}"
            refuse(ProblemKind.CHANNELS, text, expected=table, got=weight)
    return table


def _padding_index(args: Args, entries: Dim) -> Dim | None:
    """The index as a layer keeps it: counted from the start."""
    if not args.given("padding_idx"):
        return None
    index = args.dim("padding_idx")
    if less(entries - 1, index) or less(index, -entries):
        text = f"needs a padding_idx within {named(entries)} entries, gets {named(index)}"
        refuse(ProblemKind.INDEX, text, expected=entries, got=index)
    return entries + index if isinstance(index, int) and index < 0 else index


def _state(args: Args, *keys: str) -> LayerState:
    table = _table(args)
    fields = {
        "num_embeddings": table[0], "embedding_dim": table[1], "padding_idx": _padding_index(args, table[0]),
        **kept(args, *_SHARED, *keys),
    }  # fmt: skip
    return LayerState(fields, {"weight": table})


def _build_bag(args: Args) -> LayerState:
    choice(args, "mode", ("sum", "mean", "max"))
    return _state(args, "mode", "include_last_offset")


def _forward(state: LayerState, args: Args) -> Result:
    index = attribute(state, "padding_idx")
    bound = {
        **args.bound,
        "weight": parameter(state, "weight"),
        "padding_idx": None if isinstance(index, Sym) else index,
    }
    return embedding(Args("embedding", bound))


def _forward_bag(state: LayerState, args: Args) -> Result:
    held = {key: attribute(state, key) for key in ("mode", "include_last_offset", "padding_idx")}
    return embedding_bag(Args("embedding_bag", {**args.bound, "weight": parameter(state, "weight"), **held}))


_OPTIONS = "max_norm=None, norm_type=2.0, scale_grad_by_freq=False"

LAYERS: tuple[LayerSpec, ...] = (
    simple(
        "Embedding",
        f"num_embeddings, embedding_dim, padding_idx=None, {_OPTIONS}, sparse=False, _weight=None, _freeze=False"
        + PLACE,
        _state, _forward,
    ),
    simple(
        "EmbeddingBag",
        f"num_embeddings, embedding_dim, {_OPTIONS}, mode='mean', sparse=False, _weight=None, "
        f"include_last_offset=False, padding_idx=None{PLACE}",
        _build_bag, _forward_bag, "input, offsets=None, per_sample_weights=None",
    ),
)  # fmt: skip
