"""The values that evaluation works on.

Numbers, strings, tuples, lists, dicts and sets of the evaluated program are Python's own; a size that is not known is
a :class:`~cnnlint.graph.dims.Sym`. The classes below stand for what Python cannot lend: functions, classes, instances
and modules of the program, tensors, names of libraries that are not read, and what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import libcst as cst

from cnnlint.graph.dims import Dim, Shape, Sym, symbol
from cnnlint.graph.model import Tensor
from cnnlint.graph.span import Span
from cnnlint.ops.spec import LayerSpec, TensorLike

if TYPE_CHECKING:
    from cnnlint.source.index import Statement
    from cnnlint.static.frame import Frame, ModuleEnv
    from cnnlint.static.interpreter import Interpreter

Value: TypeAlias = Any

MISSING: Any = object()
"""No value at all: what a look-up returns when it finds nothing."""

Attributes: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the program being evaluated: a node of a parsed statement. Its span is computed on demand."""

    statement: Statement
    node: cst.CSTNode

    @property
    def span(self) -> Span:
        return self.statement.span(self.node)


class Unknown:
    """What evaluation cannot know, and why. It flows: whatever is made from it is unknown too.

    An unknown constructor argument has a ``name`` and can serve as a size of that name."""

    __slots__ = ("name", "noted", "reason", "site")

    def __init__(self, reason: str, site: Site | None = None, name: str = "") -> None:
        self.noted = 0
        """How many nodes had run when it came to matter."""
        self.reason = reason
        self.site = site
        self.name = name

    def as_dim(self) -> Sym | None:
        """The size this argument stands for, if it has a name. Padding may be 0, other sizes are at least 1."""
        return symbol(self.name, 0 if "pad" in self.name else 1) if self.name else None

    def bare(self) -> Unknown:
        """What is left of it in a computation that is not followed."""
        return self

    def __repr__(self) -> str:
        return f"Unknown({self.reason!r})"


class UnknownObject(Unknown):
    """An instance of a class that is not read: it may be a module with parameters."""

    __slots__ = ()


class UnknownShape(Unknown):
    """The shape of model input ``index``, still open, from axis ``start`` on: taking it apart tells its rank."""

    __slots__ = ("index", "start")

    def __init__(self, reason: str, site: Site | None, index: int, start: int = 0) -> None:
        super().__init__(reason, site)
        self.index = index
        self.start = start

    def bare(self) -> Unknown:
        return Unknown(self.reason, self.site)

    def behind(self, start: int) -> UnknownShape:
        """``shape[start:]``."""
        return UnknownShape(self.reason, self.site, self.index, self.start + start)


class UnknownRest(Unknown):
    """Any number of further positional arguments, none of them known."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OutputStep:
    """What a script does to what a model returned. ``kind``: ``attr`` or ``item`` (``name`` is the key), or ``op``
    (``name`` is torch's name, ``dim`` its axis)."""

    kind: str
    name: str | int
    site: Site
    dim: int | None = None


class ModelOutput(Unknown):
    """What a model returned outside any model: unknown, but it is known where it comes from."""

    __slots__ = ("model", "steps")

    def __init__(self, model: ModuleInstance, site: Site | None, steps: tuple[OutputStep, ...] = ()) -> None:
        super().__init__("what a model returns outside a model", site)
        self.model = model
        self.steps = steps

    def then(self, step: OutputStep) -> ModelOutput:
        return ModelOutput(self.model, self.site, (*self.steps, step))

    def bare(self) -> Unknown:
        return Unknown(self.reason, self.site)


class Function:
    """A ``def`` or ``lambda`` of the program, with the frame it closes over."""

    __slots__ = ("attrs", "closure", "code", "defaults", "env", "name", "owner", "records")

    def __init__(self, name: str, code: Code, env: ModuleEnv, closure: Frame | None, owner: Class | None) -> None:
        self.name = name
        self.code = code
        self.env = env
        self.closure = closure
        self.owner = owner
        self.defaults: dict[str, Value] = {}
        self.attrs: Attributes = {}
        self.records: bool | None = None
        """Whether a decorator switches gradients on or off; ``None``: neither."""

    def __repr__(self) -> str:
        return f"<function {self.name}>"


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a function. ``kind``: ``"pos"``, ``"both"``, ``"*"``, ``"kw"`` or ``"**"``."""

    name: str
    kind: str
    default: cst.BaseExpression | None
    annotation: cst.Annotation | None = None


class Code:
    """What a function executes: parameters and body, parsed when first asked for."""

    __slots__ = ("_body", "_generator", "_params", "load", "statement")

    def __init__(self, statement: Statement, load: Callable[[], cst.FunctionDef | cst.Lambda]) -> None:
        self.statement = statement
        self.load = load
        self._params: tuple[Param, ...] | None = None
        self._body: cst.BaseSuite | cst.BaseExpression | None = None
        self._generator: bool | None = None

    @property
    def params(self) -> tuple[Param, ...]:
        if self._params is None:
            self._params = _params_of(self.load().params)
        return self._params

    @property
    def body(self) -> cst.BaseSuite | cst.BaseExpression:
        if self._body is None:
            self._body = self.load().body
        return self._body

    @property
    def generator(self) -> bool:
        """Whether the body yields."""
        if self._generator is None:
            from cnnlint.static.syntax import yields

            # Walking a tree costs far more than looking for the word first.
            self._generator = "yield" in self.statement.file.text.text and yields(self.body)
        return self._generator


def _params_of(params: cst.Parameters) -> tuple[Param, ...]:
    found = [Param(p.name.value, "pos", p.default, p.annotation) for p in params.posonly_params]
    found += [Param(p.name.value, "both", p.default, p.annotation) for p in params.params]
    star = params.star_arg
    if isinstance(star, cst.Param):
        found.append(Param(star.name.value, "*", None))
    found += [Param(p.name.value, "kw", p.default, p.annotation) for p in params.kwonly_params]
    if params.star_kwarg is not None:
        found.append(Param(params.star_kwarg.name.value, "**", None))
    return tuple(found)


GRAD_MODES = {"torch.no_grad": False, "torch.inference_mode": False, "torch.enable_grad": True}
"""Contexts by name, and whether gradients are recorded in them."""


class Native:
    """A function that evaluation itself provides: ``call(interpreter, args, kwargs, site)``."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[[Interpreter, list[Value], dict[str, Value], Site], Value]) -> None:
        self.name = name
        self.call = call

    def __repr__(self) -> str:
        return f"<native {self.name}>"


class Constructor(Native):
    """``__new__`` of a class that does not define it."""

    __slots__ = ("cls",)

    def __init__(
        self, name: str, call: Callable[[Interpreter, list[Value], dict[str, Value], Site], Value], cls: Class
    ) -> None:
        super().__init__(name, call)
        self.cls = cls


@dataclass(slots=True, eq=False)
class Bound:
    """A method bound to its instance (or class)."""

    function: Value
    self: Value


@dataclass(slots=True, eq=False)
class Descriptor:
    """``property``, ``staticmethod`` or ``classmethod`` around a function."""

    kind: str
    function: Value
    setter: Value = None


@dataclass(slots=True, eq=False)
class Partial:
    """``functools.partial``."""

    function: Value
    args: tuple[Value, ...]
    kwargs: dict[str, Value]


class Class:
    """A class: of the program, of torch (``spec``, or a container), or a builtin type (``pytype``)."""

    __slots__ = (
        "annotated", "attrs", "bases", "body", "container", "done", "env", "fields", "members", "mro", "name", "native",
        "path", "pytype", "spec", "statement", "traits",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        bases: tuple[Class, ...] = (),
        *,
        path: str = "",
        spec: LayerSpec | None = None,
        pytype: type | None = None,
        native: dict[str, Value] | None = None,
        container: str = "",
        statement: Statement | None = None,
        env: ModuleEnv | None = None,
    ) -> None:
        self.name = name
        self.path = path or name
        self.bases = bases
        self.spec = spec
        self.pytype = pytype
        self.native = native if native is not None else {}
        self.container = container
        """For torch's containers: ``sequential``, ``list``, ``dict`` or ``parameters``."""
        self.statement = statement
        self.env = env
        self.attrs: Attributes = {}
        self.body: Frame | None = None
        """The frame its body runs in; statements run once, when a name they bind is asked for."""
        self.done: set[Statement] = set()
        self.annotated: list[str] = []
        """Names the body annotates, in order, where it has no statement index."""
        self.members: dict[str, EnumMember] = {}
        self.traits: set[str] = set()
        self.fields: list[Field] | None = None
        self.mro: tuple[Class, ...] = linearise(self)

    @property
    def torch_spec(self) -> LayerSpec | None:
        """The torch layer this class is or extends."""
        return next((cls.spec for cls in self.mro if cls.spec is not None), None)

    @property
    def container_kind(self) -> str:
        """The kind of torch container this class is or extends; empty for any other class."""
        return next((cls.container for cls in self.mro if cls.container), "")

    def is_subclass(self, other: Class) -> bool:
        return any(cls is other for cls in self.mro)

    def has(self, trait: str) -> bool:
        """Whether this class or a base has a trait: ``unresolved``, ``enum``, ``namedtuple``, ``dataclass``."""
        return any(trait in cls.traits for cls in self.mro)

    def __repr__(self) -> str:
        return f"<class {self.name}>"


@dataclass(slots=True)
class Field:
    """A field of a dataclass or named tuple. ``factory`` wins over ``default``."""

    name: str
    default: Value = ...
    factory: Value = None
    init: bool = True


def linearise(cls: Class) -> tuple[Class, ...]:
    """The C3 method resolution order; a plain depth-first order where C3 has no answer."""
    sequences = [list(base.mro) for base in cls.bases] + [list(cls.bases)]
    order = [cls]
    while True:
        sequences = [seq for seq in sequences if seq]
        if not sequences:
            return tuple(order)
        head = next((seq[0] for seq in sequences if not any(seq[0] in other[1:] for other in sequences)), None)
        if head is None:
            return tuple(dict.fromkeys([*order, *(item for seq in sequences for item in seq)]))
        order.append(head)
        for seq in sequences:
            if seq[0] is head:
                del seq[0]


_births = count()


class Instance:
    """An object of a class of the program."""

    __slots__ = ("attrs", "birth", "cls", "payload")

    def __init__(self, cls: Class, attrs: Attributes | None = None, payload: Value = None) -> None:
        self.cls = cls
        self.birth = next(_births)
        """Instances are numbered as they are made: what is older than a call was there before it."""
        self.attrs: Attributes = attrs if attrs is not None else {}
        self.payload = payload
        """The builtin value inside an instance of a subclass of ``dict``, ``list``, ``str``…"""

    def __repr__(self) -> str:
        return f"<{self.cls.name} object>"


def births() -> int:
    """The number the next instance will get."""
    return next(_births)


class ModuleInstance(Instance):
    """An ``nn.Module``. Parameters, buffers and child modules are kept apart from plain attributes, as in torch."""

    __slots__ = ("buffers", "built_at", "initialised", "modules", "params", "spec", "training")

    def __init__(self, cls: Class, built_at: Site | None) -> None:
        super().__init__(cls)
        self.modules: dict[str, Value] = {}
        self.params: dict[str, TensorValue | None] = {}
        self.buffers: dict[str, TensorValue | None] = {}
        self.built_at = built_at
        self.initialised = False
        self.training = True
        self.spec = cls.torch_spec


class TensorValue(TensorLike):
    """A tensor variable. In-place operations move ``edge`` on, so every name of the variable sees the new value."""

    __slots__ = ("array", "birth", "edge", "refine", "strides", "trainable", "values")

    def __init__(self, edge: Tensor, values: tuple[Any, ...] | None = None) -> None:
        self.birth = next(_births)
        """Numbered with the instances: what is older than a call was there before it."""
        self.edge = edge
        self.values = values
        self.trainable: bool | None = None
        """For a parameter: whether it requires a gradient. ``None`` for any other tensor."""
        self.refine: int = -1
        """The model input that this is, if its shape is still open: the first layer that reads it settles it."""
        self.array = False
        """Whether it stands for an array of numpy, which can more and forgives more than a tensor."""
        self.strides: tuple[int, ...] | None = None
        """Where its elements lie in memory, in elements; ``None``: not known."""

    @property
    def shape(self) -> Shape | None:  # type: ignore[override]  # read through the edge
        return self.edge.shape

    @property
    def dtype(self) -> str | None:  # type: ignore[override]  # read through the edge
        return self.edge.dtype

    def __repr__(self) -> str:
        return f"<tensor {self.shape}>"


class TorchSize(tuple[Dim, ...]):
    """``torch.Size``: a tuple with ``numel``."""

    __slots__ = ()


class Deque(list[Value]):
    """``collections.deque``: a list whose left end takes and gives items too."""

    __slots__ = ("maxlen",)

    def __init__(self, items: Iterable[Value] = (), maxlen: int | None = None) -> None:
        self.maxlen = maxlen
        super().__init__(items)
        self._drop_left()

    def _drop_left(self) -> None:
        if self.maxlen is not None:
            del self[: max(0, len(self) - self.maxlen)]

    def _drop_right(self) -> None:
        if self.maxlen is not None:
            del self[self.maxlen :]

    def append(self, item: Value) -> None:
        super().append(item)
        self._drop_left()

    def extend(self, items: Iterable[Value]) -> None:
        super().extend(items)
        self._drop_left()

    def appendleft(self, item: Value) -> None:
        self.insert(0, item)
        self._drop_right()

    def extendleft(self, items: Iterable[Value]) -> None:
        self[:0] = list(items)[::-1]
        self._drop_right()

    def popleft(self) -> Value:
        return self.pop(0)

    def rotate(self, steps: int = 1) -> None:
        if self:
            cut = -steps % len(self)
            self[:] = self[cut:] + self[:cut]

    def copy(self) -> Deque:
        return Deque(self, self.maxlen)


class UnionType(tuple[Value, ...]):
    """``int | None``: the types of a union, each once."""

    __slots__ = ()


class NamedTuple(tuple[Value, ...]):
    """An instance of a named tuple class."""

    cls: Class

    @classmethod
    def make(cls, kind: Class, items: list[Value]) -> NamedTuple:
        made = cls(items)
        made.cls = kind
        return made


@dataclass(frozen=True, slots=True)
class External:
    """A name of a library that is not read: ``torch.nn.functional``, ``torch.float32``."""

    path: str


@dataclass(frozen=True, slots=True)
class Device:
    """``torch.device``. Tensors are on the CPU: nothing follows what moves them."""

    type: str = "cpu"
    index: int | None = None

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"


@dataclass(frozen=True, slots=True)
class Names:
    """``dir(library)``: the names of a library that is not read."""

    path: str


@dataclass(slots=True, eq=False)
class Super:
    """``super()``: attribute look-up starts behind ``owner`` in the class order of ``self``."""

    owner: Class
    self: Value


@dataclass(slots=True, eq=False)
class Iteration:
    """An iterator: the items not yet taken. A generator is run to its end when it is made."""

    items: list[Value]
    position: int = 0

    def __iter__(self) -> Iterator[Value]:
        while self.position < len(self.items):
            self.position += 1
            yield self.items[self.position - 1]


@dataclass(frozen=True, slots=True)
class Ratio:
    """``size / number`` before it is made an integer again, as in ``int(h / 2)``."""

    numerator: Sym
    denominator: int


@dataclass(slots=True, eq=False)
class EnumMember:
    cls: Class
    name: str
    value: Value = field(default=None)


_TYPE_NAMES = {
    "Bound": "method", "Class": "type", "Function": "function", "Iteration": "generator", "ModuleEnv": "module",
    "Partial": "partial", "TensorValue": "Tensor",
}  # fmt: skip


def type_name(value: Value) -> str:
    """What Python calls the type of a value, as error messages have it."""
    if isinstance(value, Instance):
        return value.cls.name
    return _TYPE_NAMES.get(type(value).__name__, type(value).__name__)
