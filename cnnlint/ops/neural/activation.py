"""Element-wise nonlinearities: a table. All keep the shape of their input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Activation
from cnnlint.ops.reading import choice, floating, maybe, number
from cnnlint.ops.spec import Args, FunctionSpec, Result, Signature, TensorLike, TensorSpec, refuse

Check = Callable[[Args], None]


class Integers(Enum):
    """What becomes of an integer input."""

    KEPT = "kept"
    TO_FLOAT = "float32"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Nonlinearity:
    """One row: the parameters after ``input``, and whether ``torch`` and tensors have it too, also in place."""

    name: str
    parameters: str = ""
    functional: str = ", inplace=False"
    torch: bool = False
    method: bool = False
    torch_inplace: bool = False
    method_inplace: bool = False
    functional_inplace: bool = False
    integers: Integers = Integers.REFUSED
    check: Check | None = None


def _ordered(low: str, high: str) -> Check:
    def check(args: Args) -> None:
        least, most = number(args, low), number(args, high)
        if least is not None and most is not None and least > most:
            refuse(ProblemKind.ARGUMENT, f"needs {low} up to {high}, gets {least} and {most}", expected=low, got=high)

    return check


def _not_zero(args: Args) -> None:
    if number(args, "alpha") == 0:
        refuse(ProblemKind.ARGUMENT, "needs an alpha other than 0", got="0")


def _not_negative(args: Args) -> None:
    value = number(args, "lambd")
    if value is not None and not value >= 0:
        refuse(ProblemKind.ARGUMENT, f"needs a lambd of at least 0, gets {value}", got=repr(value))


def _bounds(args: Args) -> None:
    _ordered("lower", "upper")(args)
    upper = number(args, "upper")
    lower = number(args, "lower")
    if any(bound is not None and abs(bound) == float("inf") for bound in (lower, upper)):
        refuse(ProblemKind.ARGUMENT, "needs finite bounds")


def _approximation(args: Args) -> None:
    choice(args, "approximate", ("none", "tanh"))


# Numbers are checked by these names; every other parameter has a check of its own or none.
_NUMBERS = frozenset(
    {"alpha", "beta", "lambd", "lower", "max_val", "min_val", "negative_slope", "threshold", "upper", "value"}
)

NONLINEARITIES: tuple[Nonlinearity, ...] = (
    Nonlinearity(
        "relu", torch=True, method=True, torch_inplace=True, method_inplace=True, functional_inplace=True,
        integers=Integers.KEPT,
    ),
    Nonlinearity("relu6", integers=Integers.KEPT),
    Nonlinearity(
        "sigmoid", functional="", torch=True, method=True, torch_inplace=True, method_inplace=True,
        integers=Integers.TO_FLOAT,
    ),
    Nonlinearity(
        "tanh", functional="", torch=True, method=True, torch_inplace=True, method_inplace=True,
        integers=Integers.TO_FLOAT,
    ),
    Nonlinearity("silu"),
    Nonlinearity("mish"),
    Nonlinearity("hardswish"),
    Nonlinearity("hardsigmoid"),
    Nonlinearity("gelu", ", approximate='none'", "", check=_approximation),
    Nonlinearity("leaky_relu", ", negative_slope=0.01", functional_inplace=True),
    Nonlinearity("elu", ", alpha=1.0", functional_inplace=True),
    Nonlinearity("celu", ", alpha=1.0", torch=True, torch_inplace=True, functional_inplace=True, check=_not_zero),
    Nonlinearity("selu", torch=True, torch_inplace=True, functional_inplace=True),
    Nonlinearity(
        "rrelu", ", lower=0.125, upper=0.3333333333333333, training=False", torch=True, torch_inplace=True,
        functional_inplace=True, check=_bounds,
    ),
    Nonlinearity(
        "hardtanh", ", min_val=-1.0, max_val=1.0", functional_inplace=True, integers=Integers.KEPT,
        check=_ordered("min_val", "max_val"),
    ),
    Nonlinearity(
        "threshold", ", threshold, value", torch=True, torch_inplace=True, functional_inplace=True,
        integers=Integers.KEPT,
    ),
    Nonlinearity("hardshrink", ", lambd=0.5", "", torch=True, method=True),
    Nonlinearity("softshrink", ", lambd=0.5", "", check=_not_negative),
    Nonlinearity("tanhshrink", "", "", integers=Integers.TO_FLOAT),
    Nonlinearity("softsign", "", "", integers=Integers.TO_FLOAT),
    Nonlinearity("softplus", ", beta=1, threshold=20", ""),
    Nonlinearity("logsigmoid", "", ""),
)  # fmt: skip

_ROWS = {row.name: row for row in NONLINEARITIES}


def nonlinearity(args: Args, row: Nonlinearity, inplace: bool = False) -> Result:
    """Input (*) to (*)."""
    tensor = args.tensor("input")
    for key in args.bound:
        if key in _NUMBERS:
            number(args, key)
    if row.check is not None:
        row.check(args)
    inplace = inplace or bool("inplace" in args.bound and maybe(args, "inplace"))
    return Result(TensorSpec(tensor.shape, _dtype(tensor, row.integers, inplace)), Activation(row.name, inplace))


def _dtype(tensor: TensorLike, integers: Integers, inplace: bool) -> str | None:
    if floating(tensor) or integers is Integers.KEPT:
        return tensor.dtype
    if integers is Integers.REFUSED or inplace:
        refuse(ProblemKind.DTYPE, f"needs floating-point input, gets {tensor.dtype}", got=tensor.dtype)
    return "float32"


def activate(args: Args, name: str) -> Result:
    """The row ``name`` of the table, for layers."""
    return nonlinearity(args, _ROWS[name])


def _specs(row: Nonlinearity) -> list[FunctionSpec]:
    plain = f"input{row.parameters}"
    entry, writing = partial(nonlinearity, row=row), partial(nonlinearity, row=row, inplace=True)
    kept = [f"torch.{row.name}"] * row.torch + [f"Tensor.{row.name}"] * row.method
    written = (
        [f"torch.nn.functional.{row.name}_"] * row.functional_inplace
        + [f"torch.{row.name}_"] * row.torch_inplace
        + [f"Tensor.{row.name}_"] * row.method_inplace
    )
    home = f"torch.nn.functional.{row.name}"
    if not row.functional:
        kept.insert(0, home)
    specs = [FunctionSpec(row.name, (home,), Signature(plain + row.functional), entry)] if row.functional else []
    if kept:
        specs.append(FunctionSpec(row.name, tuple(kept), Signature(plain), entry))
    if written:
        specs.append(FunctionSpec(row.name + "_", tuple(written), Signature(plain), writing))
    return specs


FUNCTIONS: tuple[FunctionSpec, ...] = tuple(spec for row in NONLINEARITIES for spec in _specs(row))
