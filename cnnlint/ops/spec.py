"""How an entry of the ops table is written, and how it is asked.

An entry says, for one torch layer or function: its signature, when torch refuses its arguments or inputs, the shape
and type of what comes out, its parameters, its multiply-adds, and the :class:`~cnnlint.graph.operations.Operation`
that rules will see. It is a plain function from :class:`Args` to :class:`Result`, written as if everything were
known:

* a size may be an ``int`` or a :class:`~cnnlint.graph.dims.Sym`; arithmetic works on both; conditions go through
  :func:`~cnnlint.graph.dims.differ` and :func:`~cnnlint.graph.dims.less`, which are true only for certain;
* reading an argument that is not known raises :class:`Unclear`, which the caller turns into an unknown result;
* where torch raises for every value the unknowns can take, the entry raises :class:`Refused`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn, TypeAlias, cast

from cnnlint.graph.dims import Dim, Shape, Sym, differ, opaque, product
from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.graph.operations import Operation


class Unclear(Exception):
    """What an entry needs is not known; the text says what."""


class Refused(Exception):
    """Torch raises here. ``result`` is what would come out if the one problem were mended, where that is clear."""

    def __init__(self, problem: Problem, result: Result | None = None) -> None:
        super().__init__(problem.text)
        self.problem = problem
        self.result = result


def refuse(
    kind: ProblemKind,
    text: str,
    *,
    expected: Dim | Shape | str | None = None,
    got: Dim | Shape | str | None = None,
    axis: int | None = None,
    result: Result | None = None,
) -> NoReturn:
    """Raise :class:`Refused` with the problem spelled out."""
    raise Refused(Problem(kind, text, expected, got, axis), result)


class _Unknown:
    """The argument that is not known."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


@dataclass(frozen=True, slots=True)
class Foreign:
    """An argument that is known to be something no entry works on: a module where a tensor belongs."""

    kind: str

    def __repr__(self) -> str:
        return f"a {self.kind}"


class TensorLike:
    """What entries know of a tensor: its shape (``None``: not even the rank), element type, and, for small constant
    tensors, its elements in row-major order. A base class rather than a protocol: it is asked for at every call."""

    __slots__ = ()

    shape: Shape | None
    dtype: str | None
    values: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class TensorSpec(TensorLike):
    """A tensor that an entry returns."""

    shape: Shape | None
    dtype: str | None = "float32"
    values: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What an entry returns. ``output`` is a :class:`TensorSpec`, nested tuples, lists or dicts of them, or a plain
    Python value (``x.size(0)``). Without an ``op`` the call leaves no node in the graph."""

    output: Any
    op: Operation | None = None
    macs: Mapping[str, Dim] = field(default_factory=dict)


class Args:
    """The bound arguments of one call, by parameter name."""

    __slots__ = ("bound", "name", "training")

    def __init__(self, name: str, bound: Mapping[str, Any], training: bool = False) -> None:
        self.name = name
        self.bound = bound
        self.training = training

    def __getitem__(self, key: str) -> Any:
        """The argument as given; :class:`Unclear` if it is not known."""
        value = self.bound[key]
        if value is UNKNOWN:
            raise Unclear(f"{self.name}: {key} is not known")
        return value

    def given(self, key: str) -> bool:
        """Whether the argument is something else than ``None`` (an unknown one is)."""
        return self.bound.get(key) is not None

    def tensor(self, key: str) -> TensorLike:
        """A tensor argument of known rank."""
        value = self[key]
        if not isinstance(value, TensorLike):
            kind = value.kind if isinstance(value, Foreign) else type(value).__name__
            refuse(ProblemKind.ARGUMENT, f"needs a tensor for {key}, gets {kind}", got=kind)
        if value.shape is None:
            raise Unclear(f"{self.name}: the shape of {key} is not known")
        return value

    def shape(self, key: str = "input") -> Shape:
        """The shape of a tensor argument of known rank."""
        return cast(Shape, self.tensor(key).shape)

    def dim(self, key: str) -> Dim:
        """An integer argument; an unknown one is a size of its own."""
        value = self.bound[key]
        if value is UNKNOWN:
            return opaque()
        return _as_dim(key, value)

    def axes(self, key: str, axes: int) -> tuple[Dim, ...]:
        """An argument that is one integer for all spatial axes or one for each."""
        value = self.bound[key]
        if value is UNKNOWN:
            return tuple(opaque() for _ in range(axes))
        if isinstance(value, list | tuple):
            if len(value) != axes:
                refuse(ProblemKind.ARGUMENT, f"{key} needs {axes} numbers, gets {len(value)}")
            return tuple(opaque() if item is UNKNOWN else _as_dim(key, item) for item in value)
        return (_as_dim(key, value),) * axes

    def flag(self, key: str) -> bool:
        """A truth value that must be known."""
        value = self[key]
        if isinstance(value, Sym):
            raise Unclear(f"{self.name}: {key} is not known")
        return bool(value)

    def integer(self, key: str) -> int:
        """An integer that must be known."""
        value = self.dim(key)
        if isinstance(value, Sym):
            raise Unclear(f"{self.name}: {key} is not known")
        return value


def _as_dim(key: str, value: Any) -> Dim:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | Sym):
        return value
    if isinstance(value, TensorLike):
        return _scalar(key, value)
    refuse(ProblemKind.ARGUMENT, f"{key} must be an integer, gets {value!r}", got=repr(value))


def _scalar(key: str, tensor: TensorLike) -> Dim:
    """The size that a one-element integer tensor stands for."""
    values = tensor.values
    if differ(product(tensor.shape or ()), 1) or "float" in (tensor.dtype or ""):
        refuse(ProblemKind.ARGUMENT, f"{key} must be an integer, gets a tensor", got="a tensor")
    return values[0] if values is not None and len(values) == 1 and isinstance(values[0], int) else opaque()


Entry: TypeAlias = Callable[[Args], Result]


@dataclass(frozen=True)
class Signature:
    """A parameter list in Python's notation, literal defaults only: ``"input, p=0.5, *, dim=None"``."""

    text: str

    @cached_property
    def _parsed(self) -> tuple[list[str], str | None, list[str], str | None, dict[str, Any]]:
        args = cast(ast.FunctionDef, ast.parse(f"def f({self.text}): ...").body[0]).args
        positional = [arg.arg for arg in (*args.posonlyargs, *args.args)]
        keyword_only = [arg.arg for arg in args.kwonlyargs]
        defaults = dict(zip(reversed(positional), map(ast.literal_eval, reversed(args.defaults)), strict=False))
        pairs = zip(keyword_only, args.kw_defaults, strict=True)
        defaults |= {name: ast.literal_eval(node) for name, node in pairs if node is not None}
        rest = args.vararg.arg if args.vararg else None
        extra = args.kwarg.arg if args.kwarg else None
        return positional, rest, keyword_only, extra, defaults

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters that an argument must be given for."""
        positional, _, keyword_only, _, defaults = self._parsed
        return tuple(name for name in (*positional, *keyword_only) if name not in defaults)

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments by name, defaults filled in.

        Raises :class:`Refused` where Python would raise ``TypeError``."""
        positional, rest, keyword_only, extra, defaults = self._parsed
        bound: dict[str, Any] = dict(zip(positional, args, strict=False))
        surplus = tuple(args[len(positional) :])
        if rest is not None:
            bound[rest] = surplus
        elif surplus:
            refuse(ProblemKind.SIGNATURE, f"takes {len(positional)} positional arguments, gets {len(args)}")
        unexpected: dict[str, Any] = {}
        for name, value in kwargs.items():
            if name in bound and name != rest:
                refuse(ProblemKind.SIGNATURE, f"gets two values for {name}")
            if name in positional or name in keyword_only:
                bound[name] = value
            else:
                unexpected[name] = value
        if extra is not None:
            bound[extra] = unexpected
        elif unexpected:
            refuse(ProblemKind.SIGNATURE, f"takes no argument {next(iter(unexpected))!r}")
        for name in (*positional, *keyword_only):
            if name not in bound:
                if name not in defaults:
                    refuse(ProblemKind.SIGNATURE, f"misses the argument {name!r}")
                bound[name] = defaults[name]
        return bound


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """A torch function or tensor method. ``names`` are all full names it goes by: ``torch.relu``,
    ``torch.nn.functional.relu``, ``Tensor.relu``."""

    name: str
    names: tuple[str, ...]
    signature: Signature
    entry: Entry


@dataclass(frozen=True, slots=True)
class LayerState:
    """What a constructor leaves on a layer: plain attributes as torch names them, parameters and buffers by shape
    (``None`` for one that was registered as ``None``)."""

    attributes: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Shape | None] = field(default_factory=dict)
    buffers: dict[str, Shape | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer of ``torch.nn``: ``build`` checks constructor arguments and says what the layer holds, ``forward``
    what a call computes. ``forward`` reads the attributes as they stand at the call, since models change them.

    ``materialize`` is there for lazy layers: from the state and the arguments of the first call, the state with its
    sizes filled in. Until then sizes that depend on the input are unknown dimensions in ``parameters``."""

    path: str
    signature: Signature
    build: Callable[[Args], LayerState]
    forward: Callable[[LayerState, Args], Result]
    call: Signature = Signature("input")
    materialize: Callable[[LayerState, Args], LayerState] | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]
