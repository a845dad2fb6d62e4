"""Adaptive log-softmax, taken whole: head and tail are among its parameters, not children."""

from __future__ import annotations

from itertools import pairwise

from cnnlint.graph.dims import Dim, Shape, differ, less
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Loss
from cnnlint.ops.layers.common import PLACE, certain, has
from cnnlint.ops.reading import held_size, like, named, number, shown, size_of, wants_channels, wants_rank
from cnnlint.ops.spec import Args, LayerSpec, LayerState, Result, Signature, Unclear, refuse


def _build(args: Args) -> LayerState:
    fan_in, classes = size_of(args, "in_features"), args.integer("n_classes")
    cutoffs, ratio = _cutoffs(args, classes), number(args, "div_value")
    if not isinstance(fan_in, int) or ratio is None or not 0 < ratio < 10**6 or fan_in > 2**50:
        raise Unclear(f"{args.name}: the sizes of the clusters are not known")
    bias, clusters = certain(args, "head_bias"), len(cutoffs) - 1
    head = cutoffs[0] + clusters
    parameters: dict[str, Shape | None] = {"head.weight": (head, fan_in), "head.bias": has(bias, (head,))}
    for cluster in range(clusters):
        width: Dim = int(fan_in // ratio ** (cluster + 1)) if cluster < 40 else 0
        parameters[f"tail.{cluster}.0.weight"] = (width, fan_in)
        parameters[f"tail.{cluster}.1.weight"] = (cutoffs[cluster + 1] - cutoffs[cluster], width)
    fields = {
        "in_features": fan_in, "n_classes": classes, "cutoffs": cutoffs, "div_value": args.bound["div_value"],
        "head_bias": args.bound["head_bias"], "shortlist_size": cutoffs[0], "n_clusters": clusters, "head_size": head,
    }  # fmt: skip
    return LayerState(fields, parameters)


def _cutoffs(args: Args, classes: int) -> list[int]:
    value = args["cutoffs"]
    if not isinstance(value, list | tuple):
        refuse(ProblemKind.ARGUMENT, f"needs a sequence of cutoffs, gets {value!r}", got=repr(value))
    cutoffs = [Args(args.name, {"cutoffs": item}).integer("cutoffs") for item in value]
    ordered = [0, *cutoffs, classes]
    if not cutoffs or any(low >= high for low, high in pairwise(ordered)):
        text = f"needs rising cutoffs between 1 and {classes - 1}, gets {cutoffs}"
        refuse(ProblemKind.ARGUMENT, text, got=repr(cutoffs))
    return [*cutoffs, classes]


def _forward(state: LayerState, args: Args) -> Result:
    """Input (N, features) with target (N,), or (features,) with (), to the log-probabilities and their mean loss."""
    tensor, shape, target = args.tensor("input_"), args.shape("input_"), args.shape("target_")
    wants_rank(target, 0, 1, axes="in its target")
    wants_rank(shape, len(target) + 1)
    result = Result((like(tensor, target), like(tensor, ())), Loss("adaptive_log_softmax", "values"))
    wants_channels(held_size(state, "in_features"), shape[-1], "input feature", len(shape) - 1, result)
    if target and differ(target[0], shape[0]):
        text = f"needs as many targets as inputs, gets {shown(target)} for {shown(shape)}"
        refuse(ProblemKind.BROADCAST, text, expected=shape[:1], got=target, result=result)
    classes = held_size(state, "n_classes")
    for value in args.tensor("target_").values or ():
        if isinstance(value, int) and (value < 0 or less(classes - 1, value)):
            refuse(
                ProblemKind.INDEX, f"has a target of class {value} among {named(classes)}", expected=classes, got=value
            )
    return result


LAYERS: tuple[LayerSpec, ...] = (
    LayerSpec(
        "torch.nn.AdaptiveLogSoftmaxWithLoss",
        Signature("in_features, n_classes, cutoffs, div_value=4.0, head_bias=False" + PLACE),
        _build,
        _forward,
        Signature("input_, target_"),
    ),
)
