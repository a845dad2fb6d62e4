"""Attention: the scaled dot product, and multi-head attention taken whole."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, Shape, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Attention
from cnnlint.ops.neural.norms import wants_axes
from cnnlint.ops.reading import like, maybe, number, probability, shown
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast


def scaled_dot_product_attention(args: Args) -> Result:
    """Query (*, L, E), key (*, S, E), value (*, S, Ev) to (*, L, Ev)."""
    query, key, value = (args.shape(name) for name in ("query", "key", "value"))
    for shape in (query, key, value):
        wants_axes(shape, 2)
    probability(args, "dropout_p")
    if args.given("scale"):
        number(args, "scale")
    if maybe(args, "enable_gqa") is not False:
        query_heads = query[-3] if len(query) > 2 else 1
        key, value = (_repeated(shape, query_heads) for shape in (key, value))
    batch = wants_broadcast([query[:-2], key[:-2], value[:-2]])
    output = (*batch, query[-2], value[-1])
    heads = query[-3] if len(query) > 3 else 1
    pairs = product(batch) * query[-2] * key[-2]
    macs = pairs * query[-1] + pairs * value[-1]
    op = Attention("scaled_dot_product_attention", heads)
    result = Result(like(args.tensor("query"), output), op, {"scaled_dot_product_attention": macs})
    if differ(query[-1], key[-1]):
        text = f"multiplies queries of width {shown(query[-1:])} with keys of width {shown(key[-1:])}"
        refuse(ProblemKind.MATRIX, text, expected=query[-1], got=key[-1], result=result)
    if differ(key[-2], value[-2]):
        text = f"needs as many values as keys, gets {shown(value[-2:-1])} and {shown(key[-2:-1])}"
        refuse(ProblemKind.MATRIX, text, expected=key[-2], got=value[-2], result=result)
    _wants_mask(args, (*batch, query[-2], key[-2]), result)
    return result


def _repeated(shape: Shape, heads: Dim) -> Shape:
    """Keys or values with their heads repeated for grouped queries."""
    if len(shape) < 3:
        raise Unclear("grouped queries without an axis of heads")
    if differ(heads % shape[-3], 0) if shape[-3] != 0 else True:
        text = (
            f"shares {shown(shape[-3:-2])} key heads among {shown((heads,))} query heads, which does not come out even"
        )
        refuse(ProblemKind.INDIVISIBLE, text, expected=shape[-3], got=heads)
    return (*shape[:-3], heads, *shape[-2:])


def _wants_mask(args: Args, wanted: Shape, result: Result) -> None:
    """Refuse a mask that does not broadcast to (*, L, S), or one beside ``is_causal``."""
    if not args.given("attn_mask"):
        return
    if maybe(args, "is_causal"):
        refuse(ProblemKind.ARGUMENT, "takes either an attn_mask or is_causal, gets both", result=result)
    mask = args.shape("attn_mask")
    pairs = zip(reversed(mask), reversed(wanted), strict=False)
    if len(mask) > len(wanted) or any(differ(size, 1) and differ(size, full) for size, full in pairs):
        text = f"needs a mask that fits {shown(wanted)}, gets {shown(mask)}"
        refuse(ProblemKind.BROADCAST, text, expected=wanted, got=mask, result=result)


FUNCTIONS: tuple[FunctionSpec, ...] = (
    FunctionSpec(
        "scaled_dot_product_attention",
        ("torch.nn.functional.scaled_dot_product_attention",),
        Signature("query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False"),
        scaled_dot_product_attention,
    ),
)
