"""Multi-head attention, as ``nn.MultiheadAttention`` and ``multi_head_attention_forward`` compute it."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlint.graph.dims import Dim, Shape, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Attention
from cnnlint.ops.reading import like, maybe, shown, size_of, wants_channels, wants_divisible, wants_rank
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorLike, TensorSpec, Unclear, refuse


@dataclass(frozen=True, slots=True)
class Heads:
    """The sizes of one layer: widths of queries, keys and values, number of heads, keys added to every sequence."""

    width: Dim
    key_width: Dim
    value_width: Dim
    heads: Dim
    added: int


def multihead(args: Args, heads: Heads, batch_first: bool = False) -> Result:
    """Query (L, N, E), key (S, N, Ek), value (S, N, Ev), batch first or without N, to ((L, N, E), weights).

    The weights, (N, L, S) averaged over heads or (N, heads, L, S), come only with ``need_weights``."""
    query, key, value = (_moved(args.shape(name), batch_first) for name in ("query", "key", "value"))
    wants_rank(query, 2, 3)
    for name, shape in (("key", key), ("value", value)):
        wants_rank(shape, len(query), axes=f"in its {name}")
    batch: tuple[Dim, ...] = query[1:2] if len(query) == 3 else ()
    sources = key[0] + heads.added
    weights = _weights(args, heads, batch, query[0], sources)
    output = like(args.tensor("query"), (*args.shape("query")[:-1], heads.width))
    op = Attention("multi_head_attention_forward", heads.heads)
    result = Result((output, weights), op, _macs(args, heads, product(batch), query[0], key[0]))
    wants_channels(heads.width, query[-1], "query feature", len(query) - 1, result)
    wants_channels(heads.key_width, key[-1], "key feature", len(query) - 1, result)
    wants_channels(heads.value_width, value[-1], "value feature", len(query) - 1, result)
    if any(map(differ, key[:-1], value[:-1])) or any(map(differ, key[1:-1], batch)):
        text = f"needs keys and values of one length and the queries' batch, gets {shown(key)} and {shown(value)}"
        refuse(ProblemKind.BROADCAST, text, expected=key, got=value, result=result)
    wants_divisible(heads.width, heads.heads, "embed_dim", "num_heads", result)
    _wants_masks(args, heads, batch, (query[0], key[0]), result)
    return result


def _moved(shape: Shape, batch_first: bool) -> Shape:
    return (shape[1], shape[0], *shape[2:]) if batch_first and len(shape) == 3 else shape


def _weights(args: Args, heads: Heads, batch: Shape, targets: Dim, sources: Dim) -> TensorSpec | None:
    wanted, averaged = maybe(args, "need_weights"), maybe(args, "average_attn_weights")
    if wanted is None or (wanted and averaged is None):
        raise Unclear(f"{args.name}: need_weights is not known")
    if not wanted:
        return None
    front = batch if averaged else (*batch, heads.heads)
    return TensorSpec((*front, targets, sources), args.tensor("query").dtype)


def _macs(args: Args, heads: Heads, batch: Dim, targets: Dim, sources: Dim) -> dict[str, Dim]:
    """Projections in and out as ``linear``; products of queries and keys, weights and values under the operator that
    torch takes for them: one call without weights, two batched products with them, the first one with the mask."""
    steps_in = targets * heads.width + sources * (heads.key_width + heads.value_width)
    projections = batch * heads.width * (steps_in + targets * heads.width)
    product_each = batch * targets * (sources + heads.added) * heads.width
    if not maybe(args, "need_weights"):
        return {"linear": projections, "scaled_dot_product_attention": 2 * product_each}
    if args.given("attn_mask") or args.given("key_padding_mask"):
        return {"linear": projections, "baddbmm": product_each, "bmm": product_each}
    return {"linear": projections, "bmm": 2 * product_each}


def _wants_masks(args: Args, heads: Heads, batch: Shape, sides: Shape, result: Result) -> None:
    if args.given("key_padding_mask"):
        _wants_shape("key_padding_mask", args.tensor("key_padding_mask"), (*batch, sides[1]), result)
    if args.given("attn_mask"):
        mask = args.shape("attn_mask")
        wants_rank(mask, 2, 3, axes="in its attn_mask")
        front = (product(batch) * heads.heads,) if len(mask) == 3 else ()
        _wants_shape("attn_mask", args.tensor("attn_mask"), (*front, *sides), result)
    elif maybe(args, "is_causal"):
        refuse(ProblemKind.ARGUMENT, "needs an attn_mask beside is_causal", result=result)


def _wants_shape(name: str, tensor: TensorLike, wanted: Shape, result: Result) -> None:
    got = tensor.shape or ()
    if len(got) != len(wanted) or any(map(differ, got, wanted)):
        text = f"needs a {name} of shape {shown(wanted)}, gets {shown(got)}"
        refuse(ProblemKind.BROADCAST, text, expected=wanted, got=got, result=result)


def multi_head_attention_forward(args: Args) -> Result:
    """The functional form: widths come from the projections that it is given."""
    separate = args.flag("use_separate_proj_weight")
    width, heads = args.dim("embed_dim_to_check"), size_of(args, "num_heads", 1)
    if args.given("static_k") or args.given("static_v"):
        raise Unclear("multi_head_attention_forward: keys and values are given after their projection")
    key_width = args.shape("k_proj_weight")[-1] if separate and args.given("k_proj_weight") else width
    value_width = args.shape("v_proj_weight")[-1] if separate and args.given("v_proj_weight") else width
    added = int(args.given("bias_k")) + int(args.flag("add_zero_attn"))
    return multihead(args, Heads(width, key_width, value_width, heads, added))


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "multi_head_attention_forward",
        ("torch.nn.functional.multi_head_attention_forward",),
        Signature(
            "query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k, bias_v, "
            "add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True, key_padding_mask=None, "
            "need_weights=True, attn_mask=None, use_separate_proj_weight=False, q_proj_weight=None, "
            "k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None, average_attn_weights=True, "
            "is_causal=False"
        ),
        multi_head_attention_forward,
    ),
)
