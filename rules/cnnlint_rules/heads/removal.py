"""An operation in front of a loss taken out: the fixes of CNN302, CNN303 and CNN308."""

from __future__ import annotations

from cnnlint.graph.queries.scripts import layer_of
from cnnlint.graph.script import LossApplied, Step
from cnnlint.rule import Edit, ReplaceCallee, Unwrap


def without(loss: LossApplied, step: Step) -> tuple[Edit, ...]:
    """``nn.Identity`` in place of the layer that ``step`` calls, its tensor in place of a function's call; nothing
    where other calls use the layer too."""
    module = loss.graph.modules.get(step.layer)
    if module is None or not module.builtin or not module.leaf:
        return (Unwrap(step.span),)
    layer = layer_of(loss, step)
    return (ReplaceCallee(layer.built_at, ".Identity"),) if layer is not None and layer.built_at is not None else ()
