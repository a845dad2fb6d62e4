"""Multi-head attention, taken whole: its output projection is one of its parameters, not a child."""

from __future__ import annotations

from typing import Any

from cnnlint.graph.dims import Dim, Shape, same
from cnnlint.ops.layers.common import PLACE, certain, has, kept
from cnnlint.ops.neural.multihead import Heads, multihead
from cnnlint.ops.reading import attribute, held_size, probability, size_of, wants_divisible
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, Signature


def _build(args: Args) -> LayerState:
    width, heads = size_of(args, "embed_dim", 1), size_of(args, "num_heads", 1)
    key_width = size_of(args, "kdim") if args.given("kdim") else width
    value_width = size_of(args, "vdim") if args.given("vdim") else width
    packed = same(key_width, width) and same(value_width, width)
    bias, added = certain(args, "bias"), certain(args, "add_bias_kv")
    fields: dict[str, Any] = {
        "embed_dim": width, "kdim": key_width, "vdim": value_width, "_qkv_same_embed_dim": packed, "num_heads": heads,
        **kept(args, "dropout", "batch_first", "add_zero_attn"), "head_dim": width // heads,
        **({} if added else {"bias_k": None, "bias_v": None}),
    }  # fmt: skip
    state = LayerState(fields, _parameters(width, (key_width, value_width), packed, bias, added))
    wants_divisible(width, heads, "embed_dim", "num_heads", Result(state))
    return state


def _parameters(width: Dim, sources: tuple[Dim, Dim], packed: bool, bias: bool, added: bool) -> dict[str, Shape | None]:
    separate = not packed
    return {
        "in_proj_weight": has(packed, (3 * width, width)),
        "q_proj_weight": has(separate, (width, width)),
        "k_proj_weight": has(separate, (width, sources[0])),
        "v_proj_weight": has(separate, (width, sources[1])),
        "in_proj_bias": has(bias, (3 * width,)),
        "out_proj.weight": (width, width),
        "out_proj.bias": has(bias, (width,)),
        **({"bias_k": (1, 1, width), "bias_v": (1, 1, width)} if added else {}),
    }


def _forward(state: LayerState, args: Args) -> Result:
    width, key_width, value_width = (held_size(state, key) for key in ("embed_dim", "kdim", "vdim"))
    held = Args(args.name, {key: attribute(state, key) for key in ("add_zero_attn", "batch_first", "dropout")})
    probability(held, "dropout")
    added = int(state.parameters.get("bias_k") is not None) + int(held.flag("add_zero_attn"))
    heads = Heads(width, key_width, value_width, held_size(state, "num_heads"), added)
    return multihead(args, heads, held.flag("batch_first"))


LAYERS: tuple[LayerSpec, ...] = (
    LayerSpec(
        "torch.nn.MultiheadAttention",
        Signature(
            "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, "
            "vdim=None, batch_first=False" + PLACE
        ),
        _build,
        _forward,
        Signature(
            "query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None, average_attn_weights=True, "
            "is_causal=False"
        ),
    ),
)
