"""Names: the module being evaluated, and the frames of the functions that run in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.static.values import Class, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.source.index import FileIndex, Statement

_BY_PYTHON = Unknown("Python sets it for each file")


class ModuleEnv:
    """A Python file as evaluation sees it: its statements run when a name they bind is first asked for."""

    __slots__ = ("done", "in_order", "index", "name", "names", "package", "path", "running")

    def __init__(self, name: str, path: Path, index: FileIndex | None) -> None:
        self.name = name
        self.path = path
        self.index = index
        """``None`` for a namespace package."""
        self.package = path.name == "__init__.py" or index is None
        self.names: dict[str, Value] = {"__name__": name, "__file__": str(path)} | dict.fromkeys(
            ("__doc__", "__package__", "__spec__", "__loader__", "__builtins__", "__cached__", "__path__"), _BY_PYTHON
        )
        self.done: set[Statement] = set()
        self.running: set[str] = set()
        self.in_order = False
        """Whether its statements run one after the other, as a program's do, rather than on demand."""

    def __repr__(self) -> str:
        return f"<module {self.name}>"


class Frame:
    """Local names of one running function, class body or module statement."""

    __slots__ = (
        "arguments", "class_body", "comprehension", "env", "first", "global_names", "level", "locals", "module_level",
        "nonlocal_names", "outcomes", "owner", "parent", "statement", "yields",
    )  # fmt: skip

    def __init__(
        self,
        env: ModuleEnv,
        statement: Statement,
        names: dict[str, Value],
        *,
        parent: Frame | None = None,
        owner: Class | None = None,
        class_body: bool = False,
        module_level: bool = False,
        comprehension: bool = False,
    ) -> None:
        self.env = env
        self.statement = statement
        self.locals = names
        self.parent = parent
        self.owner = owner
        self.arguments: tuple[str, ...] = ()
        """The names of the parameters."""
        self.first: Value = None
        """The first argument, for ``super()`` without arguments."""
        self.class_body = class_body
        self.comprehension = comprehension
        self.level = 0
        """How many undecided branches were open when the frame was made."""
        self.module_level = module_level
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()
        self.yields: list[Value] | None = None
        self.outcomes: list[Value] = []
        """Values that branches which may be taken have returned."""
