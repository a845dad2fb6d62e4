"""Devices that the code of modules names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.graph.model import Origin
from cnnlint.graph.operations import Factory
from cnnlint.static.values import External, Site, TensorValue, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter


def note_device(it: Interpreter, name: str, args: list[Value], kwargs: dict[str, Value], site: Site) -> None:
    """Write down a device that a call in a module names: ``x.cuda()``, ``x.to("cuda")``, ``device="cuda:0"``,
    ``torch.cuda.FloatTensor``. One that an argument or attribute holds is not named there."""
    if not (it.recorder.running or it.recorder.initialising):
        return
    call = name.rpartition(".")[2]
    text = "cuda" if call == "cuda" or any(map(_is_cuda_type, args)) else ""
    if not text and (call == "to" or "device" in kwargs):
        text = _literal(site.node)
    if text:
        it.recorder.device(text, call, _argument(it) if _makes_new(it, args) else "", site)


def _is_cuda_type(value: Value) -> bool:
    return isinstance(value, External) and value.path.startswith("torch.cuda.") and value.path.endswith("Tensor")


def _literal(node: cst.CSTNode) -> str:
    """``cuda:0`` written as an argument of a call, or as that of ``torch.device``."""
    if not isinstance(node, cst.Call):
        return ""
    for argument in node.args:
        match argument.value:
            case cst.SimpleString(evaluated_value=str() as text) if text.startswith("cuda"):
                return text
            case cst.Call(func=cst.Attribute(attr=cst.Name("device"))) as device if text := _literal(device):
                return text
    return ""


def _makes_new(it: Interpreter, args: list[Value]) -> bool:
    """Whether the call, or the one that its tensor comes from, makes a tensor from nothing."""
    for value in args:
        if isinstance(value, TensorValue):
            edge = value.edge
            made = edge.origin is Origin.NODE and isinstance(it.recorder.nodes[edge.index].op, Factory)
            return made or (edge.origin is Origin.CONSTANT and not edge.name)
    return it.recorder.running


def _argument(it: Interpreter) -> str:
    """The first tensor that the running function was given, by name."""
    frame = it.frame
    names = frame.arguments if frame is not None else ()
    return next((name for name in names if frame and isinstance(frame.locals.get(name), TensorValue)), "")
