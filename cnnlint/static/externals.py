"""Names of libraries: which of them evaluation knows, and as what.

``external`` gives the one value for a full name: a torch class, a function of the ops table, a function or constant of
the standard library that has a handler, or else the bare name, whose use stays unknown.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

from cnnlint import ops
from cnnlint.static.autograd import FUNCTION
from cnnlint.static.builtintypes import (
    DICT,
    EXCEPTIONS,
    FILE_TYPE,
    FUNCTION_TYPE,
    METHOD_TYPE,
    NONE_TYPE,
    OBJECT,
    PARTIAL_TYPE,
    TYPES,
)  # fmt: skip
from cnnlint.static.containers import DICT as DICT_NATIVES
from cnnlint.static.containers import LIST, SEQUENTIAL
from cnnlint.static.library import HANDLERS, IDENTITIES, NOTHING
from cnnlint.static.library.surroundings import ENVIRON
from cnnlint.static.library.torchlike import initialiser, new_device, new_parameter, new_tensor
from cnnlint.static.library.torchnames import missing
from cnnlint.static.modules import MODULE_NATIVES, layer_class_natives
from cnnlint.static.transformers import NATIVES as TRANSFORMERS
from cnnlint.static.values import Class, External, Native, Value

MODULE = Class("Module", (OBJECT,), path="torch.nn.Module", native=dict(MODULE_NATIVES))
TENSOR = Class("Tensor", (OBJECT,), path="torch.Tensor", native={"__new__": Native("Tensor", new_tensor)})
PARAMETER = Class(
    "Parameter", (TENSOR,), path="torch.nn.Parameter", native={"__new__": Native("Parameter", new_parameter)}
)

DEVICE = Class("device", (OBJECT,), path="torch.device", native={"__new__": Native("device", new_device)})


def _container(name: str, kind: str, natives: dict[str, Native]) -> Class:
    return Class(name, (MODULE,), path=f"torch.nn.{name}", native=dict(natives), container=kind)


def _enum(name: str, *bases: Class) -> Class:
    made = Class(name, bases or (OBJECT,), path=f"enum.{name}")
    made.traits |= {"enum", "enum-base"}
    return made


_NAMED_TUPLE = Class("NamedTuple", (OBJECT,), path="typing.NamedTuple")
_ENUM = _enum("Enum")

CONSTANTS: dict[str, Any] = {
    "torch.nn.Module": MODULE, "torch.nn.modules.Module": MODULE, "torch.nn.modules.module.Module": MODULE,
    "torch.jit.ScriptModule": MODULE, "torch.Tensor": TENSOR, "torch.FloatTensor": TENSOR,
    "torch.device": DEVICE, "torch.nn.Parameter": PARAMETER, "torch.nn.parameter.Parameter": PARAMETER,
    "torch.autograd.Function": FUNCTION, "torch.autograd.function.Function": FUNCTION,
    "torch.autograd.function.InplaceFunction": FUNCTION,
    "torch.nn.Sequential": _container("Sequential", "sequential", SEQUENTIAL),
    "torch.nn.ModuleList": _container("ModuleList", "list", LIST),
    "torch.nn.ModuleDict": _container("ModuleDict", "dict", DICT_NATIVES),
    "torch.nn.ParameterList": _container("ParameterList", "parameter-list", LIST),
    "torch.nn.ParameterDict": _container("ParameterDict", "parameter-dict", DICT_NATIVES),
    "enum.Enum": _ENUM, "enum.IntEnum": _enum("IntEnum", TYPES["int"], _ENUM),
    "enum.StrEnum": _enum("StrEnum", TYPES["str"], _ENUM), "enum.Flag": _enum("Flag", _ENUM),
    "typing.NamedTuple": _NAMED_TUPLE, "abc.ABC": OBJECT, "typing.Generic": OBJECT, "typing.Protocol": OBJECT,
    "collections.OrderedDict": TYPES["OrderedDict"], "typing.OrderedDict": TYPES["OrderedDict"],
    "collections.deque": TYPES["deque"], "typing.Deque": TYPES["deque"],
    "collections.UserDict": DICT, "math.pi": math.pi, "math.e": math.e, "math.inf": math.inf, "math.nan": math.nan,
    "math.tau": math.tau, "torch.inf": math.inf, "torch.pi": math.pi, "numpy.pi": math.pi, "numpy.inf": math.inf,
    "torch.nan": math.nan, "sys.maxsize": 2**63 - 1, "typing.TYPE_CHECKING": False, "inspect.Parameter.empty": OBJECT,
    "functools.partial": PARTIAL_TYPE, "types.FunctionType": FUNCTION_TYPE, "types.LambdaType": FUNCTION_TYPE,
    "types.MethodType": METHOD_TYPE, "types.ModuleType": FILE_TYPE, "types.NoneType": NONE_TYPE,
    "sys.version_info": (3, 12, 0), "torch.__version__": "2.13.0", "os.sep": "/", "os.environ": ENVIRON,
    "builtins.open": External("builtins.open"),
    **{f"re.{name}": int(getattr(re, name)) for name in ("I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "X", "A")},
}  # fmt: skip
CONSTANTS |= {
    f"torch.{short}": External(f"torch.{name}")
    for short, name in {
        "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32", "long": "int64",
        "cfloat": "complex64", "cdouble": "complex128",
    }.items()
}  # fmt: skip
CONSTANTS |= {
    f"torch.nn.{name}": Class(name, (MODULE,), path=f"torch.nn.{name}", native=natives)
    for name, natives in TRANSFORMERS.items()
}
CONSTANTS["torch.utils.data.Dataset"] = Class("Dataset", (OBJECT,), path="torch.utils.data.Dataset")
_ALIASES = (
    ("torch.nn.modules.transformer.", "torch.nn."), ("torch.utils.data.dataset.Dataset", "torch.utils.data.Dataset"),
    ("torch.nn.modules.container.", "torch.nn."), ("torch.functional.", "torch."), ("np.", "numpy."),
    ("torch.special.", "torch."), ("torch.nn.modules.functional.", "torch.nn.functional."),
)  # fmt: skip


_TABLED = frozenset(name.partition(".")[0] for name in (*HANDLERS, *CONSTANTS, *NOTHING, *IDENTITIES))


def tabled(module: str) -> bool:
    """Whether a library is known by its names here, so that its source is never read: torch, numpy, math."""
    return module.partition(".")[0] in _TABLED


def knows(path: str) -> bool:
    """Whether the name stands for something evaluation can use."""
    return not isinstance(external(path), External)


@cache
def external(path: str) -> Value:
    """The value a full library name stands for. The same name gives the same object."""
    for prefix, short in _ALIASES:
        if path.startswith(prefix):
            path = short + path[len(prefix) :]
    if path in CONSTANTS:
        return CONSTANTS[path]
    if path in HANDLERS:
        return Native(path, HANDLERS[path])
    if path in IDENTITIES:
        return Native(path, lambda it, args, kwargs, site: args[0] if args else None)
    if path.startswith("torch.nn.init.") and missing("torch.nn.init", path.removeprefix("torch.nn.init.")) is None:
        return Native(path, initialiser(path.rpartition(".")[2]))
    if path in NOTHING:
        return Native(path, lambda it, args, kwargs, site: None)
    if path.startswith("torch."):
        return _torch(path)
    builtin = path.partition(".")[2] if path.startswith("builtins.") else ""
    return TYPES.get(builtin) or EXCEPTIONS.get(builtin) or External(path)


def _torch(path: str) -> Value:
    spec = ops.layer(path)
    if spec is not None:
        return layer_class(spec.path)
    name = f"Tensor.{path.rpartition('.')[2]}" if path.startswith("torch.Tensor.") else path
    if ops.function(name) is not None:
        return Native(name, _function_handler(name))
    if (
        path.startswith("torch.nn.")
        and path.rpartition(".")[2].startswith("_")
        and path.rpartition(".")[2][1:2].isupper()
    ):
        return layer_class(path)
    return External(path)


def _function_handler(name: str) -> Any:
    from cnnlint.static.torchcalls import call_function

    return lambda it, args, kwargs, site: call_function(it, name, args, kwargs, site)


@cache
def layer_class(path: str) -> Class:
    """The class of a torch layer, or of an abstract base such as ``torch.nn.modules.conv._ConvNd``."""
    spec = ops.layer(path)
    parents = ops.ancestors(path)
    base = MODULE if not parents else external(parents[0])
    base = base if isinstance(base, Class) else MODULE
    natives = layer_class_natives(spec) if spec is not None else {}
    return Class(path.rpartition(".")[2], (base,), path=path, spec=spec, native=dict(natives))
