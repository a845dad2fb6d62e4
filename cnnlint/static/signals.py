"""What leaves a block early: Python's own control flow in the evaluated program, and the end of the budget."""

from __future__ import annotations

from cnnlint.graph.model import Problem, ProblemKind
from cnnlint.static.values import Class, Instance, Site, Value

_KINDS: dict[type[BaseException], ProblemKind] = {
    TypeError: ProblemKind.SIGNATURE, IndexError: ProblemKind.INDEX, KeyError: ProblemKind.INDEX,
    AttributeError: ProblemKind.ATTRIBUTE, NameError: ProblemKind.ATTRIBUTE, ValueError: ProblemKind.ARGUMENT,
    ZeroDivisionError: ProblemKind.ARGUMENT,
}  # fmt: skip


class Signal(BaseException):
    """Base of the exceptions that carry control flow. Not an ``Exception``: nothing may swallow it by accident."""


class Return(Signal):
    def __init__(self, value: Value) -> None:
        self.value = value


class Break(Signal):
    pass


class Continue(Signal):
    pass


class Raised(Signal):
    """The evaluated program raises. ``kind`` is a builtin exception type, or the class of ``instance``."""

    def __init__(
        self,
        kind: type[BaseException] | Class,
        text: str = "",
        instance: Instance | None = None,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(text)
        self.problem = problem
        self.also: tuple[type[BaseException], ...] = ()
        """Further types that a handler may name to catch it."""
        self.kind = kind
        self.text = text
        self.instance = instance
        self.site: Site | None = None
        """The innermost expression that raises, set where it is evaluated."""
        self.certain = True
        self.source = ""
        """The layer or function of torch that raises; empty where the program itself does."""
        self.model = ""
        """The module class whose construction it ended, the outermost."""
        self.explicit = False
        """Whether a ``raise`` or ``assert`` of the program did it, rather than an operation that cannot succeed."""

    @classmethod
    def by_torch(cls, problem: Problem, source: str) -> Raised:
        """What ``source``, a layer or function of torch, raises for a problem. Where torch's own type differs from
        case to case, handlers of the usual ones all catch it."""
        raised = cls(TypeError if problem.kind is ProblemKind.SIGNATURE else RuntimeError, problem.text, None, problem)
        if problem.kind is not ProblemKind.SIGNATURE:
            raised.also = (ValueError, TypeError, IndexError)
        raised.source = source
        return raised

    def as_problem(self) -> Problem:
        """What to report if nothing catches it."""
        if self.problem is not None:
            return self.problem
        kind = ProblemKind.PYTHON if self.explicit or isinstance(self.kind, Class) else _KINDS.get(self.kind)
        return Problem(kind or ProblemKind.PYTHON, f"raises {self.name}: {self.text}")

    @property
    def name(self) -> str:
        return self.kind.name if isinstance(self.kind, Class) else self.kind.__name__


class Exhausted(Signal):
    """Evaluation used up its budget; the text says which."""


class Refine(Signal):
    """The first layer to read model input ``index`` tells its shape: evaluation starts over with it."""

    def __init__(self, index: int, shape: tuple[object, ...], dtype: str) -> None:
        self.index = index
        self.shape = shape
        self.dtype = dtype
