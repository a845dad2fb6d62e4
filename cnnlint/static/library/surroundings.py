"""What a program is run in: the machine, environment variables, what is typed, and its end.

The machine is taken to have nothing but a processor. A variable that has a default, or that the program asks for before
it reads it, is taken to be unset; one that has neither is unknown, as is what somebody types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnlint.static.library.define import Args, Kwargs, Table, argument
from cnnlint.static.signals import Raised
from cnnlint.static.values import MISSING, Class, Instance, Native, Site, Value

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

SURROUNDINGS = Table()


@SURROUNDINGS.add(
    "torch.cuda.is_available", "torch.cuda.device_count", "torch.backends.mps.is_available",
    "torch.backends.mps.is_built", "torch.xpu.is_available", "torch.accelerator.is_available",
    "torch.distributed.is_available", "torch.distributed.is_initialized",
)  # fmt: skip
def _absent(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    it.machine_asked += 1
    return False


@SURROUNDINGS.add("builtins.input")
def _input(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return it.unknown("what is typed is not known", site)


@SURROUNDINGS.add("sys.exit", "os._exit", "os.abort", "builtins.exit", "builtins.quit")
def _exit(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    raised = Raised(SystemExit)
    raised.explicit = True
    raise raised


@SURROUNDINGS.add("os.getenv")
def _getenv(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    default = argument(args, kwargs, 1, "default", MISSING)
    return _variable(it, args, kwargs, site) if default is MISSING else default


def _variable(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return it.unknown("an environment variable is not known", site)


def _get(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return _getenv(it, args[1:], kwargs, site)


def _set(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return None


_ENVIRON = Class(
    "_Environ",
    native={
        name: Native(name, method)
        for name, method in (
            ("get", _get), ("setdefault", _get), ("pop", _get), ("__getitem__", _variable), ("__contains__", _absent),
            ("__setitem__", _set), ("__delitem__", _set), ("update", _set),
        )
    },
)  # fmt: skip
_ENVIRON.traits.add("unresolved")

ENVIRON = Instance(_ENVIRON)
"""``os.environ``. It holds nothing, so what one program sets no other sees."""
