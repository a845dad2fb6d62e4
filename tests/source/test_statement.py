"""Statements on demand: the whole, the header, and what is kept between calls."""

from __future__ import annotations

from collections.abc import Callable

import libcst
import pytest

from cnnlint.source.index import FileIndex, Statement

CODE = libcst.Module([]).code_for_node


def test_a_statement_is_parsed_once(statement: Callable[[str], Statement]) -> None:
    found = statement("x = f(1)")
    assert found.parse() is found.parse()
    assert isinstance(found.parse(), libcst.Assign)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x = 1", libcst.Assign),
        ("x: int = 1", libcst.AnnAssign),
        ("x += 1", libcst.AugAssign),
        ("import a", libcst.Import),
        ("from a import b", libcst.ImportFrom),
        ("f(x)", libcst.Expr),
        ("del x", libcst.Del),
        ("def f(): pass", libcst.FunctionDef),
        ("async def f(): pass", libcst.FunctionDef),
        ("class A: pass", libcst.ClassDef),
        ("if a: b", libcst.If),
        ("for a in b: c", libcst.For),
        ("while a: b", libcst.While),
        ("with a: b", libcst.With),
        ("try: a\nfinally: b", libcst.Try),
        ("try: a\nexcept* b: c", libcst.TryStar),
        ("match a:\n    case b: c", libcst.Match),
        ("pass", libcst.Pass),
        ("a; b; assert c", libcst.Assert),
    ],
)
def test_the_node_is_the_statement_itself(
    statement: Callable[[str], Statement], text: str, kind: type[libcst.CSTNode]
) -> None:
    assert type(statement(text).parse()) is kind


def test_strings_stay_as_they_are(index: Callable[[str], FileIndex]) -> None:
    body = "'''a\n  b\r\n\tc\f'''"
    file = index(f"class A:\n    def f(self):\n        return {body}\n")
    method = file.scope.statements[0].body.statements[0]
    assert body in CODE(method.parse())


HEADERS = {
    "class A: pass": "class A: ...",
    "class A(B, *C, metaclass=D(1), **e):\n    x = 1": "class A(B, *C, metaclass=D(1), **e): ...",
    "class A():\n    x = 1": "class A(): ...",
    "class A :  # note: this\n    x = 1": "class A : ...",
    "class A(  # a: b\n    B  # c: d\n):  x = 1": "class A(  # a: b\n    B  # c: d\n): ...",
    "class A((B)): pass": "class A((B)): ...",
    "class A(B,): pass": "class A(B,): ...",
    "class A(B[1:2]): pass": "class A(B[1:2]): ...",
    "@a.b(c=1)\n@d\nclass A: pass": "@a.b(c=1)\n@d\nclass A: ...",
    "def f(): pass": "def f(): ...",
    "async def f(a): return {1: 2}": "async def f(a): ...",
    "def f(a: b = {1: 2}, *c, d=lambda: 1, **e): pass": "def f(a: b = {1: 2}, *c, d=lambda: 1, **e): ...",
    "def f(a, /, *, b): pass": "def f(a, /, *, b): ...",
    "def f(a, b=(1)): pass": "def f(a, b=(1)): ...",
    "def f(*a: b): pass": "def f(*a: b): ...",
    "def f() -> a[b:c]: pass": "def f() -> a[b:c]: ...",
    "def f() -> (a): pass": "def f() -> (a): ...",
    "def f(  # x: y\n): pass": "def f(  # x: y\n): ...",
    "def f(a='# :', b=':'): pass": "def f(a='# :', b=':'): ...",
    "def f \\\n  (a): pass": "def f \\\n  (a): ...",
    "def größe(é='🧠:') -> 'ü': pass": "def größe(é='🧠:') -> 'ü': ...",
}


@pytest.mark.parametrize("text", HEADERS)
def test_a_header_has_all_but_the_body(statement: Callable[[str], Statement], text: str) -> None:
    found = statement(text)
    assert CODE(found.header()).rstrip("\n") == HEADERS[text]
    assert found.header() is found.header()


@pytest.mark.parametrize("text", HEADERS)
def test_headers_inside_a_class_are_the_same(index: Callable[[str], FileIndex], text: str) -> None:
    indented = text.replace("\n", "\n    ")
    inner = index(f"class Outer:\n    {indented}\n").scope.statements[0].body.statements[0]
    header = inner.header()
    assert header.name.value == ("größe" if "größe" in text else "A" if "class" in text else "f")
    assert inner.span(header.name)[1:3] == inner.span(inner.parse().name)[1:3]  # type: ignore[union-attr]


def test_only_definitions_have_headers(statement: Callable[[str], Statement]) -> None:
    with pytest.raises(TypeError, match=r"net\.py:1"):
        statement("x = 1").header()


@pytest.mark.parametrize(
    ("text", "line", "span"),
    [
        ("\n\nx = 1  # y", 3, (3, 1, 3, 6)),
        ("a; b = 2", 1, (1, 4, 1, 9)),
        ("@d\n@e(\n  1)\nclass A:\n    x = 1\n\n\n", 4, (4, 1, 5, 10)),
        ("@d\nasync def f():\n    return 1", 2, (2, 1, 3, 13)),
    ],
)
def test_where_a_statement_is(
    statement: Callable[[str], Statement], text: str, line: int, span: tuple[int, int, int, int]
) -> None:
    found = statement(text)
    assert found.line == line
    assert found.stmt_span() == ("net.py", *span)
    assert found.span(found.parse()) == found.stmt_span()
    assert repr(found) == f"<{found.kind} at net.py:{line}>"
