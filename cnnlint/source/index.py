"""An index of a file's statements, made with :mod:`ast`; libcst reads a statement only when somebody asks for it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Final

import libcst

from cnnlint.graph.span import Span
from cnnlint.source.bindings import effects, is_entry_guard
from cnnlint.source.headers import header_end, statement_start
from cnnlint.source.syntax import (
    SHALLOW,
    Syntax,
    Unparsable,
    collector_paused,
    parse_slice,
    room_to_recurse,
    syntax_extent,
)  # fmt: skip
from cnnlint.source.text import SourceProblem, SourceText

__all__ = ["FileIndex", "Scope", "Statement", "Unparsable", "index_source", "may_hold_model"]

_KINDS: Final = {
    "AnnAssign": "assign", "Assign": "assign", "AsyncFor": "for", "AsyncFunctionDef": "function", "AsyncWith": "with",
    "AugAssign": "assign", "ClassDef": "class", "FunctionDef": "function", "Import": "import", "ImportFrom": "import",
    "TryStar": "try", "TypeAlias": "type",
}  # fmt: skip
_COMPOUND: Final = frozenset({"class", "for", "function", "if", "match", "try", "while", "with"})


class Statement:
    """One statement of a scope: what it binds, where it stands and, on demand, its libcst tree.

    ``node`` is the :mod:`ast` statement, ``kind`` a word (``"function"``, ``"class"``, ``"import"``, ``"assign"``,
    ``"expr"``, ``"if"``, ``"for"``, ...), ``names`` what it binds and ``changes`` what it changes in place, ``star``
    whether it holds ``from x import *``. Statements are equal only to themselves.
    """

    __slots__ = ("_body", "_header", "_whole", "changes", "file", "kind", "names", "node", "star")

    def __init__(self, node: ast.stmt, file: FileIndex) -> None:
        found = effects(node, walrus=file.has_walrus)
        name = type(node).__name__
        self.node = node
        self.kind = _KINDS.get(name, name.lower())
        self.names = tuple(found.bound)
        self.changes = tuple(found.changed)
        self.star = found.star
        self.file = file
        self._whole: Syntax | Unparsable | None = None
        self._header: Syntax | Unparsable | None = None
        self._body: Scope | None = None

    def __repr__(self) -> str:
        return f"<{self.kind} at {self.file.text.path}:{self.line}>"

    @property
    def line(self) -> int:
        """The 1-based line of ``class``, ``def`` or the statement's first word, behind any decorators."""
        return self.node.lineno

    @property
    def body(self) -> Scope:
        """The scope of a class's body."""
        if self._body is None:
            if not isinstance(self.node, ast.ClassDef):
                raise TypeError(f"{self!r} is no class and has no body scope")
            self._body = Scope(self.node.body, self.file)
        return self._body

    def parse(self) -> libcst.BaseStatement | libcst.BaseSmallStatement:
        """The libcst node of this statement alone, decorators included. Raises :class:`Unparsable`."""
        if self._whole is None:
            self._whole = self._read(header=False)
        if isinstance(self._whole, Unparsable):
            raise Unparsable(self._whole.reason)
        node = self._whole.node
        assert isinstance(node, (libcst.BaseStatement, libcst.BaseSmallStatement))
        return node

    def header(self) -> libcst.ClassDef | libcst.FunctionDef:
        """A class or function with ``...`` for its body: decorators, bases, keywords, parameters, annotations.

        Raises :class:`Unparsable`.
        """
        if self._header is None:
            self._header = self._read(header=True)
        if isinstance(self._header, Unparsable):
            raise Unparsable(self._header.reason)
        node = self._header.node
        assert isinstance(node, (libcst.ClassDef, libcst.FunctionDef))
        return node

    def _read(self, *, header: bool) -> Syntax | Unparsable:
        source = self.file.text
        start = statement_start(self.node, source)
        end = self._header_end if header else self._end
        extent = syntax_extent(self.node, body=not header)
        suffix = " ..." if header else ""
        try:
            return parse_slice(source.text, start, end, compound=self.kind in _COMPOUND, extent=extent, suffix=suffix)
        except Unparsable as problem:
            return problem

    @property
    def _header_end(self) -> int:
        if not isinstance(self.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            raise TypeError(f"{self!r} has no header")
        return header_end(self.node, self.file.text)

    @property
    def _start(self) -> int:
        source = self.file.text
        return source.line_starts[self.node.lineno - 1] + source.characters(self.node.lineno, self.node.col_offset)

    @property
    def _end(self) -> int:
        line, column = self.node.end_lineno, self.node.end_col_offset
        assert line is not None
        assert column is not None
        source = self.file.text
        return source.line_starts[line - 1] + source.characters(line, column)

    def span(self, node: libcst.CSTNode) -> Span:
        """Where a node of :meth:`parse` or :meth:`header` stands. Raises :class:`LookupError` for any other node."""
        for syntax in (self._whole, self._header):
            if isinstance(syntax, Syntax) and (place := syntax.find(node)) is not None:
                return self.file.text.span(*place)
        raise LookupError(f"{self!r} holds no such {type(node).__name__} node")

    def stmt_span(self) -> Span:
        """Where the statement stands, from its first word behind any decorators."""
        return self.file.text.span(self._start, self._end)


class Scope:
    """The statements of a module or class body in source order, and which of them concern a name.

    ``by_name`` maps a name to the statements that bind it or change in place what it names. ``stars`` are those that
    hold ``from x import *``; ``entry_guard`` those that run only as a script, which ``by_name`` leaves out.
    """

    def __init__(self, nodes: Sequence[ast.stmt], file: FileIndex) -> None:
        self.statements: tuple[Statement, ...] = tuple(Statement(node, file) for node in nodes)

    @cached_property
    def entry_guard(self) -> tuple[Statement, ...]:
        """The statements ``if __name__ == "__main__":``."""
        return tuple(statement for statement in self.statements if is_entry_guard(statement.node))

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Statement, ...]]:
        """The statements that concern each name, in source order."""
        found: dict[str, list[Statement]] = {}
        for statement in self.statements:
            if statement.kind == "if" and is_entry_guard(statement.node):
                continue
            for name in {**dict.fromkeys(statement.names), **dict.fromkeys(statement.changes)}:
                found.setdefault(name, []).append(statement)
        return MappingProxyType({name: tuple(statements) for name, statements in found.items()})

    @cached_property
    def stars(self) -> tuple[Statement, ...]:
        """The statements that hold ``from x import *``."""
        return tuple(statement for statement in self.statements if statement.star)


class FileIndex:
    """The index of one file: its ``text`` and the ``scope`` of its top level."""

    def __init__(self, text: SourceText, tree: ast.Module) -> None:
        self.text = text
        self.has_walrus = ":=" in text.text
        self._tree = tree

    @cached_property
    def scope(self) -> Scope:
        """The statements of the top level."""
        return Scope(self._tree.body, self)


def index_source(text: SourceText) -> FileIndex:
    """The index of a file. Raises :class:`~cnnlint.source.text.SourceProblem` where Python could not read it either."""
    try:
        with collector_paused(), room_to_recurse(SHALLOW), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.text, text.path or "<string>")
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), max(len(text.lines), 1))
        message = error.msg or "invalid syntax"
        raise SourceProblem("syntax-error", text.path, line, max(error.offset or 1, 1), message) from None
    except (RecursionError, MemoryError):
        raise SourceProblem("syntax-error", text.path, 1, 1, "too deeply nested to be parsed") from None
    except ValueError as error:
        raise SourceProblem("syntax-error", text.path, 1, 1, str(error)) from None
    return FileIndex(text, tree)


def may_hold_model(text: str) -> bool:
    """Whether a file can define or build a network at all: it imports something, and has a class, a function or torch.

    A test for ``nn.`` would be sharper and wrong: 9 of torchvision's 71 files and 103 of kornia's 290 define modules
    through inherited or re-exported bases. This one misses none of torchvision's, and lets 174 of its 185 files pass.
    """
    return "import" in text and ("class " in text or "def " in text or "torch" in text)
