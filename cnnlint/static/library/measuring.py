"""Tools that run a model on inputs described to them: ``summary(model, (3, 32, 32))``, ``profile(model, inputs=(x,))``.

What they are given is an example of the model's inputs, as a call of it would be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnnlint.graph.model import Tensor
from cnnlint.static.library.define import Args, Handler, Kwargs, Table, argument
from cnnlint.static.values import ModuleInstance, Site, TensorValue, TorchSize, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

MEASURING = Table()


def _sizes(value: Value) -> Iterator[tuple[int, ...]]:
    """The sizes in ``(3, 32, 32)``, ``[(1, 16, 16), (1, 28, 28)]`` or a ``torch.Size``."""
    if not isinstance(value, list | tuple | TorchSize):
        return
    if value and all(type(size) is int for size in value):
        yield tuple(size for size in value if type(size) is int)
        return
    for item in value:
        yield from _sizes(item)


def _tensors(value: Value) -> tuple[Value, ...]:
    """The inputs that are given as one tensor, or as several in a list or tuple."""
    return tuple(value) if isinstance(value, list | tuple) else () if value is None else (value,)


def _example(it: Interpreter, model: Value, inputs: tuple[Value, ...], site: Site) -> None:
    from cnnlint.static.recorder import Example

    if isinstance(model, ModuleInstance) and inputs and not it.recorder.running and it.script is None:
        it.recorder.examples.append(Example(model, inputs, {}, site))


def _sized(name: str, batch: tuple[int, ...]) -> Handler:
    """A tool that is told sizes as its second argument, without the batch if ``batch`` is to be added."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        given = argument(args, kwargs, 1, name)
        data = kwargs.get("input_data")
        made = tuple(TensorValue(Tensor((*batch, *sizes), "float32")) for sizes in _sizes(given))
        _example(it, argument(args, kwargs, 0, "model"), made or _tensors(data if data is not None else given), site)
        return it.unknown("what a tool says about a model", site)

    return handler


def _fed(name: str, *, returns_model: bool = False) -> Handler:
    """A tool that is handed tensors as its second argument."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        model = argument(args, kwargs, 0, "model")
        _example(it, model, _tensors(argument(args, kwargs, 1, name)), site)
        return model if returns_model else it.unknown("what a tool says about a model", site)

    return handler


MEASURING["torchsummary.summary"] = _sized("input_size", (1,))
MEASURING["torchsummary.torchsummary.summary"] = MEASURING["torchsummary.summary"]
MEASURING["torchinfo.summary"] = _sized("input_size", ())
MEASURING["ptflops.get_model_complexity_info"] = _sized("input_res", (1,))
MEASURING["torchsummaryX.summary"] = MEASURING["pytorch_model_summary.summary"] = _fed("x")
MEASURING["thop.profile"] = MEASURING["fvcore.nn.FlopCountAnalysis"] = _fed("inputs")
MEASURING["fvcore.nn.flop_count"] = MEASURING["fvcore.nn.flop_count_table"] = _fed("inputs")
MEASURING["torch.onnx.export"] = _fed("args")
MEASURING["torch.jit.trace"] = _fed("example_inputs", returns_model=True)
