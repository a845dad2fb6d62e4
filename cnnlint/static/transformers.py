"""``nn.Transformer`` and its parts: built of torch's own layers, which are called as torch calls them.

What a layer inside refuses stands where the program builds or calls the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cnnlint.graph.dims import differ
from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.ops.spec import Refused, Signature
from cnnlint.static.modules import Args, Kwargs, call_module, init_module, set_on_module
from cnnlint.static.operators import binary
from cnnlint.static.signals import Raised
from cnnlint.static.values import Descriptor, ModuleInstance, Native, Site, TensorValue, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Bound = dict[str, Value]

_LAYER = Signature(
    "d_model, nhead, dim_feedforward=2048, dropout=0.1, activation='relu', layer_norm_eps=1e-5, batch_first=False, "
    "norm_first=False, bias=True, device=None, dtype=None"
)
_ENCODER = Signature("encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True")
_DECODER = Signature("decoder_layer, num_layers, norm=None")
_WHOLE = Signature(
    "d_model=512, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, "
    "activation='relu', custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-5, batch_first=False, "
    "norm_first=False, bias=True, device=None, dtype=None"
)
_RUN_ENCODER_LAYER = Signature("src, src_mask=None, src_key_padding_mask=None, is_causal=False")
_RUN_ENCODER = Signature("src, mask=None, src_key_padding_mask=None, is_causal=None")
_MASKS = "tgt_mask=None, memory_mask=None, tgt_key_padding_mask=None, memory_key_padding_mask=None"
_RUN_DECODER = Signature(f"tgt, memory, {_MASKS}, tgt_is_causal=None, memory_is_causal=False")
_RUN_WHOLE = Signature(
    "src, tgt, src_mask=None, tgt_mask=None, memory_mask=None, src_key_padding_mask=None, tgt_key_padding_mask=None, "
    "memory_key_padding_mask=None, src_is_causal=None, tgt_is_causal=None, memory_is_causal=False"
)


class _Builder:
    """Adds layers of torch to a module under construction."""

    def __init__(self, it: Interpreter, module: ModuleInstance, site: Site) -> None:
        self.it, self.module, self.site = it, module, site

    def make(self, layer: str, *args: Value, **kwargs: Value) -> Value:
        from cnnlint.static.calls import call
        from cnnlint.static.externals import external

        return call(self.it, external(f"torch.nn.{layer}"), list(args), kwargs, self.site)

    def add(self, name: str, value: Value) -> None:
        set_on_module(self.it, self.module, name, value, self.site)

    def feed_forward(self, given: Bound, norms: int) -> None:
        """The two linear maps, and a normalisation and dropout for each sub-layer."""
        width, hidden, bias = given["d_model"], given["dim_feedforward"], given["bias"]
        self.add("linear1", self.make("Linear", width, hidden, bias=bias))
        self.add("dropout", self.make("Dropout", given["dropout"]))
        self.add("linear2", self.make("Linear", hidden, width, bias=bias))
        for number in range(1, norms + 1):
            self.add(f"norm{number}", self.make("LayerNorm", width, eps=given["layer_norm_eps"], bias=bias))
        for number in range(1, norms + 1):
            self.add(f"dropout{number}", self.make("Dropout", given["dropout"]))
        self.add("norm_first", given["norm_first"])
        self.add("activation", given["activation"])

    def attention(self, name: str, given: Bound) -> None:
        keys = {key: given[key] for key in ("dropout", "bias", "batch_first")}
        self.add(name, self.make("MultiheadAttention", given["d_model"], given["nhead"], **keys))


class _Runner:
    """Calls the layers of a module."""

    def __init__(self, it: Interpreter, module: ModuleInstance, site: Site) -> None:
        self.it, self.module, self.site = it, module, site

    def run(self, name: str, *args: Value, **kwargs: Value) -> Value:
        child = self.module.modules.get(name)
        if not isinstance(child, ModuleInstance):
            return self.it.unknown(f"{name} of {self.module.cls.name} is not known", self.site)
        return call_module(self.it, child, list(args), kwargs, self.site)

    def attend(self, name: str, query: Value, memory: Value, mask: Value, padding: Value) -> Value:
        found = self.run(
            name, query, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False
        )  # fmt: skip
        return found[0] if isinstance(found, tuple) else found

    def feed(self, x: Value) -> Value:
        from cnnlint.static.calls import call
        from cnnlint.static.externals import external

        act = self.module.attrs.get("activation", self.module.modules.get("activation"))
        act = external(f"torch.nn.functional.{act}") if isinstance(act, str) else act
        hidden = call(self.it, act, [self.run("linear1", x)], {}, self.site)
        return self.run("linear2", self.run("dropout", hidden))

    def residual(self, x: Value, number: int, inner: Callable[[Value], Value]) -> Value:
        """One sub-layer with its normalisation before or behind it."""
        first = self.module.attrs.get("norm_first")
        if isinstance(first, Unknown):
            return self.it.unknown("whether the normalisation comes first is not known", self.site)
        made = self.run(f"dropout{number}", inner(self.run(f"norm{number}", x) if first else x))
        added = binary(self.it, "add", x, made, self.site)
        return added if first else self.run(f"norm{number}", added)


def _bind(signature: Signature, name: str, args: Args, kwargs: Kwargs) -> Bound:
    try:
        return signature.bind(args, kwargs)
    except Refused as refused:
        raise Raised.by_torch(refused.problem, name) from None


# ---- layers -------------------------------------------------------------------------------------------------------


def _init_encoder_layer(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = _bind(_LAYER, "TransformerEncoderLayer", args[1:], kwargs)
    init_module(it, args[:1], {}, site)
    builder = _Builder(it, args[0], site)
    builder.attention("self_attn", given)
    builder.feed_forward(given, 2)
    return None


def _run_encoder_layer(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = _bind(_RUN_ENCODER_LAYER, "TransformerEncoderLayer", args[1:], kwargs)
    runner = _Runner(it, args[0], site)
    mask, padding = given["src_mask"], given["src_key_padding_mask"]
    x = runner.residual(given["src"], 1, lambda x: runner.attend("self_attn", x, x, mask, padding))
    return runner.residual(x, 2, runner.feed)


def _init_decoder_layer(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = _bind(_LAYER, "TransformerDecoderLayer", args[1:], kwargs)
    init_module(it, args[:1], {}, site)
    builder = _Builder(it, args[0], site)
    builder.attention("self_attn", given)
    builder.attention("multihead_attn", given)
    builder.feed_forward(given, 3)
    return None


def _run_decoder_layer(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = _bind(_RUN_DECODER, "TransformerDecoderLayer", args[1:], kwargs)
    runner, memory = _Runner(it, args[0], site), given["memory"]
    own, other = (
        (given["tgt_mask"], given["tgt_key_padding_mask"]),
        (given["memory_mask"], given["memory_key_padding_mask"]),
    )
    x = runner.residual(given["tgt"], 1, lambda x: runner.attend("self_attn", x, x, *own))
    x = runner.residual(x, 2, lambda x: runner.attend("multihead_attn", x, memory, *other))
    return runner.residual(x, 3, runner.feed)


# ---- stacks -------------------------------------------------------------------------------------------------------


def _init_stack(signature: Signature, name: str, layer: str) -> Callable[..., Value]:
    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        from cnnlint.static.library.copying import deep_copy

        given = _bind(signature, name, args[1:], kwargs)
        init_module(it, args[:1], {}, site)
        builder, count, original = _Builder(it, args[0], site), given["num_layers"], given[layer]
        if type(count) is int and isinstance(original, ModuleInstance):
            copies = [deep_copy(it, original, {}) for _ in range(count)]
            builder.add("layers", builder.make("ModuleList", copies))
        else:
            builder.add("layers", it.unknown(f"the layers of {name} are not known", site))
        builder.add("num_layers", count)
        builder.add("norm", given["norm"])
        return None

    return handler


def _layers(it: Interpreter, module: ModuleInstance, site: Site) -> list[Value] | Unknown:
    layers = module.modules.get("layers")
    if not isinstance(layers, ModuleInstance):
        return it.unknown(f"the layers of {module.cls.name} are not known", site)
    return list(layers.modules.values())


def _run_stack(signature: Signature, name: str, first: str, renamed: dict[str, str]) -> Callable[..., Value]:
    """One layer after the other, the same masks for each; ``renamed`` are those that layers call otherwise."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        from cnnlint.static.calls import call

        given = _bind(signature, name, args[1:], kwargs)
        layers, x = _layers(it, args[0], site), given.pop(first)
        if isinstance(layers, Unknown):
            return layers
        named = {renamed.get(key, key): value for key, value in given.items() if not key.endswith("is_causal")}
        for layer in layers:
            x = call(it, layer, [x], named, site)
        norm = args[0].modules.get("norm")
        return x if norm is None else call(it, norm, [x], {}, site)

    return handler


# ---- the whole ----------------------------------------------------------------------------------------------------


def _init_whole(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = _bind(_WHOLE, "Transformer", args[1:], kwargs)
    init_module(it, args[:1], {}, site)
    builder = _Builder(it, args[0], site)
    shared = {key: given[key] for key in (
        "d_model", "nhead", "dim_feedforward", "dropout", "activation", "layer_norm_eps", "batch_first", "norm_first",
        "bias",
    )}  # fmt: skip
    for part, kind in (("encoder", "Encoder"), ("decoder", "Decoder")):
        made = given[f"custom_{part}"]
        if made is None:
            layer = builder.make(f"Transformer{kind}Layer", **shared)
            norm = builder.make("LayerNorm", given["d_model"], eps=given["layer_norm_eps"], bias=given["bias"])
            made = builder.make(f"Transformer{kind}", layer, given[f"num_{part}_layers"], norm)
        builder.add(part, made)
    for key in ("d_model", "nhead", "batch_first"):
        builder.add(key, given[key])
    return None


def _run_whole(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = _bind(_RUN_WHOLE, "Transformer", args[1:], kwargs)
    runner = _Runner(it, args[0], site)
    _wants_pair(args[0], given["src"], given["tgt"])
    memory = runner.run(
        "encoder", given["src"], mask=given["src_mask"], src_key_padding_mask=given["src_key_padding_mask"]
    )
    masks = {key: given[key] for key in ("tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask")}
    return runner.run("decoder", given["tgt"], memory, **masks)


def _wants_pair(module: ModuleInstance, source: Value, target: Value) -> None:
    """Source and target of one batch."""
    shapes = [value.shape for value in (source, target) if isinstance(value, TensorValue) and value.shape is not None]
    axis = 0 if module.attrs.get("batch_first") is True else 1
    if len(shapes) == 2 and all(len(shape) == 3 for shape in shapes) and differ(shapes[0][axis], shapes[1][axis]):
        text = "needs source and target of one batch"
        problem = Problem(ProblemKind.BROADCAST, text, shapes[0][axis], shapes[1][axis])
        raise Raised.by_torch(problem, "Transformer")


def _causal_mask(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.torchcalls import call_function

    size = args[0] if args else kwargs.get("sz")
    return call_function(it, "torch.full", [(size, size), 0.0], {}, site)


def _natives(init: Callable[..., Value], forward: Callable[..., Value]) -> dict[str, Value]:
    return {"__init__": Native("__init__", init), "forward": Native("forward", forward)}


NATIVES: dict[str, dict[str, Value]] = {
    "TransformerEncoderLayer": _natives(_init_encoder_layer, _run_encoder_layer),
    "TransformerDecoderLayer": _natives(_init_decoder_layer, _run_decoder_layer),
    "TransformerEncoder": _natives(
        _init_stack(_ENCODER, "TransformerEncoder", "encoder_layer"),
        _run_stack(_RUN_ENCODER, "TransformerEncoder", "src", {"mask": "src_mask"}),
    ),
    "TransformerDecoder": _natives(
        _init_stack(_DECODER, "TransformerDecoder", "decoder_layer"),
        _run_stack(_RUN_DECODER, "TransformerDecoder", "tgt", {}),
    ),
    "Transformer": {
        **_natives(_init_whole, _run_whole),
        "generate_square_subsequent_mask": Descriptor(
            "staticmethod", Native("generate_square_subsequent_mask", _causal_mask)
        ),
    },
}
"""``__init__`` and ``forward`` of each class, by name."""
