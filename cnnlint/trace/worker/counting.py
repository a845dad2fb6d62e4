"""fvcore's count of one forward pass, by module and operator, in multiply-adds.

fvcore 0.1.5 leaves out convolutions with padding words and fused attention; both get a handle here. On the meta
device it fails on every convolution, because the tracer expects to see ``_convolution`` where the Python kernels of
the meta device start at ``convolution``; :func:`_meta_help` mends that with names that torch keeps to itself, so it
is guarded, and the caller counts on the CPU where it does not work.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

Counted = dict[str, Any]

# Everything fvcore counts that is no multiply-add of a product; kept apart, so that the rest can be compared.
_NOT_PRODUCTS = frozenset(
    {"batch_norm", "group_norm", "layer_norm", "instance_norm", "upsample_nearest2d", "upsample_bilinear2d",
     "adaptive_avg_pool2d", "grid_sampler"}
)  # fmt: skip


class Whole(nn.Module):
    """The model as fvcore takes it: tensors in, a flat tuple of tensors out."""

    def __init__(self, model: nn.Module, call: Callable[[nn.Module, tuple[torch.Tensor, ...]], Any]) -> None:
        super().__init__()
        self.model = model
        self._call = call

    def forward(self, *tensors: torch.Tensor) -> Any:
        return self._call(self.model, tensors)


def count(whole: Whole, tensors: tuple[torch.Tensor, ...], on_meta: bool) -> Counted:
    """What fvcore counts. Raises whatever fvcore, torch.jit or the model raises while it is traced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing fvcore.nn calls torch.jit.script, which warns
        from fvcore.nn import FlopCountAnalysis

        logging.disable(logging.WARNING)
        try:
            analysis = FlopCountAnalysis(whole, tensors)
            analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
            analysis.tracer_warnings("none")
            analysis.set_op_handle("aten::_convolution_mode", _convolution)
            analysis.set_op_handle("aten::scaled_dot_product_attention", _attention)
            with _meta_help() if on_meta else torch.no_grad():
                analysis.total()
            return _tables(analysis)
        finally:
            logging.disable(logging.NOTSET)


def _tables(analysis: Any) -> Counted:
    def local(name: str) -> str:
        return str(name).removeprefix("model").removeprefix(".")

    by_module = {
        local(name): {operator: round(float(amount)) for operator, amount in amounts.items()}
        for name, amounts in analysis.by_module_and_operator().items()
        if name and amounts
    }
    return {
        "by_operator": {name: round(float(amount)) for name, amount in analysis.by_operator().items()},
        "by_module": by_module,
        "beside": sorted(_NOT_PRODUCTS & set(analysis.by_operator())),
        "uncounted": {str(name): int(times) for name, times in sorted(analysis.unsupported_ops().items())},
        "uncalled": sorted(local(name) for name in analysis.uncalled_modules() if name),
    }


def _convolution(inputs: list[Any], outputs: list[Any]) -> Any:
    """A convolution with a padding word. fvcore's own handle wants the arguments of ``_convolution``."""
    from fvcore.nn.jit_handles import conv_flop_count, get_shape

    counted = conv_flop_count(get_shape(inputs[0]), get_shape(inputs[1]), get_shape(outputs[0]))
    return Counter({"conv": counted})


def _attention(inputs: list[Any], outputs: list[Any]) -> Any:
    """Fused attention: ``query @ key.T`` and ``weights @ value``."""
    from fvcore.nn.jit_handles import get_shape

    query, key, value = (get_shape(inputs[position]) for position in range(3))
    rows = 1
    for size in query[:-1]:
        rows *= size
    return rows * key[-2] * (query[-1] + value[-1])


@contextmanager
def _meta_help() -> Iterator[None]:
    """While open, ``torch.jit.trace`` records what runs on the meta device as it does on the CPU."""
    with torch.no_grad(), _MetaTracing():
        yield


class _MetaTracing(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Hands convolutions to the kernel that the tracer records, and hides all other meta kernels' work from it.

    Without the second part these kernels would compute with traced sizes, which are tensors."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        names: Any = torch._C
        self._key = names._parse_dispatch_key("Tracer")
        self._get, self._set = names._get_tracing_state, names._set_tracing_state
        self._exclude = names._SetExcludeDispatchKeyGuard

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        state = self._get()
        if state is None or func is torch.ops.aten._local_scalar_dense.default:  # the value of a size is on the CPU
            return func(*args, **kwargs)
        if func is torch.ops.aten.convolution.default:
            with self, self._exclude(self._key, False):
                return torch.ops.aten._convolution(*args, False, False, False, False)
        self._set(None)
        try:
            with self._exclude(self._key, True):
                return func(*args, **kwargs)
        finally:
            self._set(state)
