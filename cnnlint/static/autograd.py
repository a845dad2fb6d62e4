"""``torch.autograd.Function``: operations whose forward pass the program writes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cnnlint.static.builtintypes import OBJECT
from cnnlint.static.values import Class, Descriptor, Instance, Native, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

Args: TypeAlias = list[Value]
Kwargs: TypeAlias = dict[str, Value]


def _save(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    context: Instance = args[0]
    it.effect(context)
    it.set_item(context.attrs, "saved_tensors", tuple(args[1:]))
    return None


def _nothing(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return None


_CONTEXT = Class(
    "FunctionCtx",
    (OBJECT,),
    path="torch.autograd.function.FunctionCtx",
    native={"save_for_backward": Native("save_for_backward", _save)}
    | {
        name: Native(name, _nothing)
        for name in ("save_for_forward", "mark_dirty", "mark_non_differentiable", "set_materialize_grads")
    },
)


def _apply(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``Function.apply(*args)``: its ``forward``, with a context unless ``setup_context`` stands apart.

    Nothing found inside is certain: no gradients are recorded there, so what is wrong elsewhere may be right."""
    from cnnlint.static.attributes import find_in_class
    from cnnlint.static.calls import call

    cls: Class = args[0]
    forward = find_in_class(it, cls, "forward")
    if forward is None:
        return it.unknown(f"{cls.name} has no forward that is read", site)
    context = Instance(_CONTEXT, {"needs_input_grad": (True,) * len(args[1:]), "saved_tensors": ()})
    apart = find_in_class(it, cls, "setup_context") is not None
    with it.doubtful():
        return call(it, forward, args[1:] if apart else [context, *args[1:]], kwargs, site)


FUNCTION = Class(
    "Function",
    (OBJECT,),
    path="torch.autograd.Function",
    native={"apply": Descriptor("classmethod", Native("Function.apply", _apply))},
)
