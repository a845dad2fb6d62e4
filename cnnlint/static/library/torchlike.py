"""torch beyond the ops table: parameters, contexts, questions about tensors, wrappers of modules."""

from __future__ import annotations

from sys import float_info
from typing import TYPE_CHECKING

from cnnlint.graph.dims import Sym
from cnnlint.graph.model import Origin, Tensor
from cnnlint.static.library.define import Args, Handler, Kwargs, Table, argument
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    GRAD_MODES,
    Class,
    Device,
    External,
    Function,
    Instance,
    ModuleInstance,
    Native,
    Site,
    TensorValue,
    TorchSize,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

TORCH = Table()

IDENTITIES = frozenset(
    [
        "torch.jit.script",
        "torch.jit.unused",
        "torch.jit.export",
        "torch.jit.ignore",
        "torch.jit.script_method",
        "torch.jit.script_if_tracing",
        "torch.fx.wrap",
        "torch.compile",
        "torch.jit.freeze",
        "torch.nn.utils.parametrizations.orthogonal",
        "torch.jit._overload_method",
        "torch.compiler.disable",
        "torch._dynamo.disable",
        "typing.final",
        "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
        "typing.overload",
        "abc.abstractmethod",
        "typing.no_type_check",
        "typing.runtime_checkable",
        "torch.utils.checkpoint.checkpoint_wrapper",
        "torch.autograd.Variable",
        "torch.overrides.wrap_torch_function",
        "warnings.deprecated",
        "typing_extensions.deprecated",
        "torch.no_grad.__call__",
        "torch.jit.interface",
        "atexit.register",
        "contextlib.contextmanager",
    ]
)
NOTHING = frozenset(
    [
        "warnings.warn",
        "warnings.filterwarnings",
        "warnings.simplefilter",
        "torch.manual_seed",
        "torch.cuda.manual_seed",
        "torch.cuda.manual_seed_all",
        "random.seed",
        "numpy.random.seed",
        "torch._C._log_api_usage_once",
        "torch._assert",
        "torch.set_grad_enabled",
        "torch.cuda.empty_cache",
        "torch.cuda.synchronize",
        "torch.set_num_threads",
        "torch.save",
        "logging.info",
        "logging.warning",
        "logging.debug",
        "logging.error",
        "logging.basicConfig",
        "torch._assert_async",
        "torch._C._jit_set_profiling_mode",
        "sys.stdout.flush",
        "gc.collect",
        "time.sleep",
        "torch.use_deterministic_algorithms",
        "torch.backends.cudnn.benchmark",
        "torch._check",
        "torch._dynamo.mark_static",
    ]
)


for _name in (
    "torch.jit.is_scripting", "torch.jit.is_tracing", "torch.onnx.is_in_onnx_export", "torch.is_autocast_enabled",
    "torch._C._get_tracing_state", "torch.compiler.is_compiling", "torch._dynamo.is_compiling",
    "torch.fx._symbolic_trace.is_fx_tracing", "torch.overrides.has_torch_function",
    "torch.overrides.has_torch_function_unary", "torch.overrides.has_torch_function_variadic",
    "torch.is_grad_enabled", "torch.is_inference_mode_enabled", "torch.compiler.is_dynamo_compiling",
    "torch.compiler.is_exporting", "torch.is_autocast_cpu_enabled",
):  # fmt: skip
    TORCH[_name] = lambda it, args, kwargs, site: False


@TORCH.add("torch.get_default_dtype")
def _default_dtype(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return External("torch.float32")


@TORCH.add("torch.get_default_device")
def _default_device(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return Device()


_LIMITS = Class("finfo")
_FLOATS = {
    "float16": (65504.0, 2.0**-10, 2.0**-14), "bfloat16": (3.3895313892515355e38, 2.0**-7, 2.0**-126),
    "float32": (3.4028234663852886e38, 2.0**-23, 2.0**-126), "float64": (float_info.max, 2.0**-52, 2.0**-1022),
}  # fmt: skip
"""The largest number of each element type, the gap behind 1, and the smallest normal number."""


@TORCH.add("torch.finfo")
def _finfo(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    kind = argument(args, kwargs, 0, "type", External("torch.float32"))
    name = kind.path.rpartition(".")[2] if isinstance(kind, External) else ""
    if name not in _FLOATS:
        return it.unknown("the limits of a type that is not known", site)
    largest, eps, tiny = _FLOATS[name]
    limits = {"max": largest, "min": -largest, "eps": eps, "tiny": tiny, "smallest_normal": tiny, "dtype": name}
    return Instance(_LIMITS, limits)


def new_parameter(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``nn.Parameter(data, requires_grad=True)``; the first of ``args`` is the class."""
    data = argument(args, kwargs, 1, "data")
    shape, dtype = (data.shape, data.dtype) if isinstance(data, TensorValue) else (None, None)
    made = TensorValue(Tensor(shape, dtype, Origin.PARAMETER))
    made.trainable = argument(args, kwargs, 2, "requires_grad", True) is not False
    if it.recorder.running:
        it.recorder.made_in_forward.append((made, site))
    return made


def new_tensor(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``torch.Tensor(2, 3)`` is empty of that shape, ``torch.Tensor([2, 3])`` holds those numbers."""
    from cnnlint.static.torchcalls import call_function

    sizes = len(args) > 2 or all(isinstance(arg, int | Sym) for arg in args[1:])
    return call_function(it, "torch.empty" if sizes else "torch.tensor", args[1:], kwargs, site)


_FAN_RANKS: dict[str, tuple[int, ...]] = {
    "dirac_": (3, 4, 5), "eye_": (2,), "sparse_": (2,),
} | dict.fromkeys(
    ("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_"), tuple(range(2, 65))
)  # fmt: skip
"""Initialisers that need fan-in and fan-out, by the numbers of axes they take."""


def initialiser(name: str) -> Handler:
    """A function of ``torch.nn.init``: it gives its tensor back."""

    def handler(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        tensor = argument(args, kwargs, 0, "tensor")
        if tensor is None and name.endswith("_"):
            raise Raised(AttributeError, f"{name} needs a tensor, gets None")
        ranks = _FAN_RANKS.get(name)
        if ranks and isinstance(tensor, TensorValue) and tensor.shape is not None and len(tensor.shape) not in ranks:
            wanted = "2 axes or more" if len(ranks) > 3 else " or ".join(map(str, ranks)) + " axes"
            raise Raised(ValueError, f"{name} needs a tensor of {wanted}, gets {len(tensor.shape)}")
        return tensor

    return handler


@TORCH.add("torch.is_tensor", "torch.is_floating_point")
def _is_tensor(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return isinstance(args[0], TensorValue)


@TORCH.add("torch.Size")
def _size(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.iteration import items_of

    items = items_of(it, args[0]) if args else []
    return it.unknown("a size that is not known", site) if items is None else TorchSize(items)


def new_device(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """``torch.device("cuda:0")``, ``torch.device("cuda", 0)``; the first of ``args`` is the class."""
    kind, index = argument(args, kwargs, 1, "device", kwargs.get("type")), argument(args, kwargs, 2, "index")
    if isinstance(kind, Device):
        return kind
    if not isinstance(kind, str) or not isinstance(index, int | None):
        return it.unknown("a device that is not known", site)
    name, _, number = kind.partition(":")
    return Device(name, int(number) if number.isdigit() else index)


@TORCH.add("torch.set_default_dtype", "torch.set_default_tensor_type")
def _default_type(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    it.types_change = True
    return None


@TORCH.add("torch.autocast", "torch.cuda.amp.autocast", "torch.amp.autocast", "torch.cpu.amp.autocast")
def _autocast(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    it.types_change = True
    return _context(it, args, kwargs, site)


def _grad_mode(name: str) -> Handler:
    """``torch.no_grad`` and the like: a context, or the decorator of a function."""

    def enter(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
        if args and isinstance(args[0], Function):
            args[0].records = GRAD_MODES[name]
            return args[0]
        off = name == "torch.inference_mode" and argument(args, kwargs, 0, "mode", True) is False
        return Native("torch.enable_grad" if off else name, enter)

    return enter


TORCH.update({name: _grad_mode(name) for name in GRAD_MODES})


@TORCH.add(
    "torch.autograd.profiler.record_function", "torch.profiler.record_function", "contextlib.nullcontext",
    "warnings.catch_warnings", "torch.cuda.stream", "torch.autograd.set_detect_anomaly", "torch.random.fork_rng",
    "torch.backends.cuda.sdp_kernel", "torch.nn.attention.sdpa_kernel",
)  # fmt: skip
def _context(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """A context manager that changes nothing here; used as a decorator it returns the function."""
    if len(args) == 1 and not isinstance(args[0], str | bool | int | float | External | None):
        return args[0]
    return Native("context", lambda it, given, kw, site: given[0] if given else None)


@TORCH.add("contextlib.suppress")
def _suppress(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return it.unknown("what suppress() lets through", site)


@TORCH.add("torch.utils.checkpoint.checkpoint")
def _checkpoint(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call

    return call(it, args[0], args[1:], {}, site)


@TORCH.add("torch.utils.checkpoint.checkpoint_sequential")
def _checkpoint_sequential(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    from cnnlint.static.calls import call
    from cnnlint.static.iteration import items_of

    items = items_of(it, args[0])
    value = argument(args, kwargs, 2, "input")
    for child in items or ():
        value = call(it, child, [value], {}, site)
    return value if items is not None else it.unknown("the functions to run are not known", site)


@TORCH.add("torch.nn.utils.weight_norm", "torch.nn.utils.parametrizations.weight_norm")
def _weight_norm(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """The weight becomes a direction, ``weight_v``, and its length, ``weight_g``, for each position on the axis ``dim``
    or for all of it."""
    layer, weight = _weighted(args, kwargs)
    if weight is not None and weight.shape:
        axis = argument(args, kwargs, 2, "dim", 0)
        kept = tuple(size if position == axis else 1 for position, size in enumerate(weight.shape))
        lengths = Tensor(() if axis is None else kept, "float32", Origin.PARAMETER, -1, "weight_g")
        layer.params["weight_g"] = TensorValue(lengths)
        layer.params["weight_g"].trainable = True
    return layer


@TORCH.add("torch.nn.utils.spectral_norm", "torch.nn.utils.parametrizations.spectral_norm")
def _spectral_norm(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """The weight becomes ``weight_orig``, divided by what the vector ``weight_u`` tells of its norm."""
    layer, weight = _weighted(args, kwargs)
    if weight is not None and weight.shape:
        layer.buffers["weight_u"] = TensorValue(Tensor(weight.shape[:1], "float32", Origin.PARAMETER, -1, "weight_u"))
    return layer


def _weighted(args: Args, kwargs: Kwargs) -> tuple[Value, TensorValue | None]:
    """The layer that is handed over, and its weight if that is what is normalised."""
    layer = argument(args, kwargs, 0, "module")
    weight = layer.params.get("weight") if isinstance(layer, ModuleInstance) else None
    named = argument(args, kwargs, 1, "name", "weight") == "weight"
    return layer, weight if named and isinstance(weight, TensorValue) else None


@TORCH.add("torch.nn.utils.remove_weight_norm", "torch.nn.utils.remove_spectral_norm")
def _plain_again(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    layer, _ = _weighted(args, kwargs)
    if isinstance(layer, ModuleInstance):
        layer.params.pop("weight_g", None)
        layer.buffers.pop("weight_u", None)
    return layer


@TORCH.add("torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel")
def _wrapped(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    """The wrapper does what the model does; ``wrapper.module`` is the model."""
    model = argument(args, kwargs, 0, "module")
    if it.script is not None and isinstance(model, ModuleInstance):
        it.script.wrapped.add(id(model))
    return model


@TORCH.add("torch.broadcast_shapes")
def _broadcast_shapes(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return it.unknown("a broadcast shape", site)
