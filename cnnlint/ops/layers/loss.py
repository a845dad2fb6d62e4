"""Loss layers and distances: a table over the functional forms."""

from __future__ import annotations

from functools import partial
from typing import Any

from cnnlint.graph.model import ProblemKind
from cnnlint.ops.layers.common import Build, Forward, keep, kept, simple, through
from cnnlint.ops.neural.classloss import (
    cross_entropy,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    nll_loss,
)  # fmt: skip
from cnnlint.ops.neural.distance import (
    cosine_embedding_loss,
    cosine_similarity,
    ctc_loss,
    gaussian_nll_loss,
    pairwise_distance,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)  # fmt: skip
from cnnlint.ops.neural.loss import ROWS, element_loss
from cnnlint.ops.neural.reductions import reduction
from cnnlint.ops.reading import attribute, number, parameter
from cnnlint.ops.spec import UNKNOWN, Args, Entry, LayerSpec, LayerState, Result, TensorLike, refuse

_OLD = "size_average=None, reduce=None, reduction='mean'"
_CALL = "input, target"
_WEIGHTED = "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'"


def _build(keys: tuple[str, ...], tensors: tuple[str, ...]) -> Build:
    """Plain attributes, tensors as buffers, and the reduction under its new name."""

    def build(args: Args) -> LayerState:
        fields = kept(args, *keys)
        if "size_average" in args.bound and (args.given("size_average") or args.given("reduce")):
            fields["reduction"] = reduction(args)
        else:
            fields["reduction"] = args.bound["reduction"]
        shapes = {key: _shape(args.bound[key]) for key in tensors}
        fields |= {key: UNKNOWN for key, shape in shapes.items() if shape is UNKNOWN}
        return LayerState(fields, {}, {key: shape for key, shape in shapes.items() if shape is not UNKNOWN})

    return build


def _shape(value: Any) -> Any:
    """The shape of a tensor that becomes a buffer; ``UNKNOWN`` for one that is not known."""
    if value is None:
        return None
    if value is UNKNOWN or (isinstance(value, TensorLike) and value.shape is None):
        return UNKNOWN
    if not isinstance(value, TensorLike):
        refuse(ProblemKind.ARGUMENT, f"needs a tensor for its weight, gets {value!r}", got=repr(value))
    return value.shape


def _call(entry: Entry, name: str, keys: tuple[str, ...], tensors: tuple[str, ...]) -> Forward:
    def forward(state: LayerState, args: Args) -> Result:
        held = {key: attribute(state, key) for key in (*keys, "reduction")}
        held |= {key: parameter(state, key) for key in tensors}
        return entry(Args(name, {**held, **args.bound}, args.training))

    return forward


def _loss(
    name: str,
    function: str,
    entry: Entry,
    signature: str,
    keys: str = "",
    tensors: str = "",
    call: str = "input, target",
) -> LayerSpec:
    fields, buffers = tuple(keys.split()), tuple(tensors.split())
    forward = _call(entry, function, fields, buffers)
    return simple(name, signature, _build(fields, buffers), forward, call)


def _element(name: str, function: str, signature: str = _OLD, keys: str = "", tensors: str = "") -> LayerSpec:
    row = ROWS[function]
    call = ", ".join(key for key in row.tensors if key not in ("weight", "pos_weight"))
    return _loss(name, function, partial(element_loss, row=row), signature, keys, tensors, call)


def _build_distance(args: Args) -> LayerState:
    return LayerState({"norm": args.bound["p"], **kept(args, "eps", "keepdim")})


def _forward_distance(state: LayerState, args: Args) -> Result:
    held = {"p": attribute(state, "norm"), "keepdim": attribute(state, "keepdim")}
    return pairwise_distance(Args("pairwise_distance", {**args.bound, **held}))


def _forward_poisson(state: LayerState, args: Args) -> Result:
    bound = {
        "input": args.bound["log_input"],
        "target": args.bound["target"],
        "reduction": attribute(state, "reduction"),
    }
    return element_loss(Args("poisson_nll_loss", bound), ROWS["poisson_nll_loss"])


def _build_triplet_distance(args: Args) -> LayerState:
    margin = number(args, "margin")
    if margin is not None and margin <= 0:
        refuse(ProblemKind.ARGUMENT, f"needs a margin above 0, gets {margin}", got=repr(margin))
    fields = kept(args, "margin", "swap", "reduction")
    if args.given("distance_function"):
        fields["distance_function"] = args.bound["distance_function"]
    return LayerState(fields)


def _forward_triplet_distance(state: LayerState, args: Args) -> Result:
    held = {key: attribute(state, key) for key in ("swap", "reduction")}
    held["distance_function"] = state.attributes.get("distance_function")
    return triplet_margin_with_distance_loss(Args("triplet_margin_with_distance_loss", {**args.bound, **held}))


_forward_nll = _call(nll_loss, "nll_loss", ("ignore_index",), ("weight",))
_TRIPLET = "anchor, positive, negative"

LAYERS: tuple[LayerSpec, ...] = (
    _element("L1Loss", "l1_loss"),
    _element("MSELoss", "mse_loss"),
    _element("SmoothL1Loss", "smooth_l1_loss", f"{_OLD}, beta=1.0", "beta"),
    _element("HuberLoss", "huber_loss", "reduction='mean', delta=1.0", "delta"),
    _element("KLDivLoss", "kl_div", f"{_OLD}, log_target=False", "log_target"),
    _element("BCELoss", "binary_cross_entropy", f"weight=None, {_OLD}", "", "weight"),
    _element(
        "BCEWithLogitsLoss", "binary_cross_entropy_with_logits", f"weight=None, {_OLD}, pos_weight=None", "",
        "weight pos_weight",
    ),
    _element("HingeEmbeddingLoss", "hinge_embedding_loss", f"margin=1.0, {_OLD}", "margin"),
    _element("SoftMarginLoss", "soft_margin_loss"),
    _element("MarginRankingLoss", "margin_ranking_loss", f"margin=0.0, {_OLD}", "margin"),
    _loss("NLLLoss", "nll_loss", nll_loss, _WEIGHTED, "ignore_index", "weight"),
    _loss(
        "CrossEntropyLoss", "cross_entropy", cross_entropy, f"{_WEIGHTED}, label_smoothing=0.0",
        "ignore_index label_smoothing", "weight",
    ),
    _loss("MultiLabelMarginLoss", "multilabel_margin_loss", multilabel_margin_loss, _OLD),
    _loss(
        "MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", multilabel_soft_margin_loss, f"weight=None, {_OLD}",
        "", "weight",
    ),
    _loss(
        "MultiMarginLoss", "multi_margin_loss", multi_margin_loss, f"p=1, margin=1.0, weight=None, {_OLD}", "p margin",
        "weight",
    ),
    _loss(
        "CosineEmbeddingLoss", "cosine_embedding_loss", cosine_embedding_loss, f"margin=0.0, {_OLD}", "margin",
        call="input1, input2, target",
    ),
    _loss(
        "TripletMarginLoss", "triplet_margin_loss", triplet_margin_loss,
        f"margin=1.0, p=2.0, eps=1e-06, swap=False, {_OLD}", "margin p eps swap", call=_TRIPLET,
    ),
    simple(
        "TripletMarginWithDistanceLoss", "*, distance_function=None, margin=1.0, swap=False, reduction='mean'",
        _build_triplet_distance, _forward_triplet_distance, _TRIPLET,
    ),
    simple(
        "PoissonNLLLoss",
        "log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, reduction='mean'",
        _build(("log_input", "full", "eps"), ()), _forward_poisson, "log_input, target",
    ),
    simple("NLLLoss2d", _WEIGHTED, _build(("ignore_index",), ("weight",)), _forward_nll, "input, target"),
    _loss(
        "CTCLoss", "ctc_loss", ctc_loss, "blank=0, reduction='mean', zero_infinity=False", "blank zero_infinity",
        call="log_probs, targets, input_lengths, target_lengths",
    ),
    _loss(
        "GaussianNLLLoss", "gaussian_nll_loss", gaussian_nll_loss, "*, full=False, eps=1e-06, reduction='mean'",
        "full eps", call="input, target, var",
    ),
    simple(
        "CosineSimilarity", "dim=1, eps=1e-08", keep("dim", "eps"),
        through(cosine_similarity, "cosine_similarity", "dim", "eps"), "x1, x2",
    ),
    simple(
        "PairwiseDistance", "p=2.0, eps=1e-06, keepdim=False", _build_distance, _forward_distance, "x1, x2"
    ),
)  # fmt: skip
