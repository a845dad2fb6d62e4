"""What libcst is not given: it would crash on it, or take minutes."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable

import libcst
import pytest

from cnnlint.source.index import Statement
from cnnlint.source.syntax import MAX_DEPTH, Unparsable

DEEP = {
    "sum": lambda n: "x = " + "1 + " * n + "1",
    "calls": lambda n: "x = " + "f(" * (n // 2) + ")" * (n // 2),
    "chain": lambda n: "x = a" + ".b(1)" * n,
    "conditions": lambda n: "x = " + "a if b else " * n + "c",
    "conjunction": lambda n: "x = " + "a and " * n + "b",
    "comprehension": lambda n: "x = [a " + "for a in b " * n + "]",
    "dotted import": lambda n: "import a" + ".b" * n,
    "dotted from": lambda n: "from a" + ".b" * n + " import c",
    "else-ifs": lambda n: "if a: pass\n" + "elif b: pass\n" * n,
    "lambdas": lambda n: "x = " + "lambda: " * n + "a",
}


@pytest.mark.parametrize("make", DEEP.values(), ids=DEEP)
def test_deep_nesting_is_refused(statement: Callable[[str], Statement], make: Callable[[int], str]) -> None:
    deep = statement(make(4 * MAX_DEPTH if "f(" not in make(1) else 2 * MAX_DEPTH - 20))
    for _ in range(2):
        with pytest.raises(Unparsable, match="nested more than"):
            deep.parse()


@pytest.mark.parametrize("make", DEEP.values(), ids=DEEP)
def test_moderate_nesting_is_read(statement: Callable[[str], Statement], make: Callable[[int], str]) -> None:
    found = statement(make(MAX_DEPTH // 3))
    node = found.parse()
    assert found.span(node) == found.stmt_span()


def test_an_enormous_statement_is_refused(statement: Callable[[str], Statement]) -> None:
    table = statement("x = [" + "1, " * 100_000 + "]")
    with pytest.raises(Unparsable, match="100,005 parts, more than 100,000"):
        table.parse()


WIDE = {
    "dictionary": "x = {" + "'a': f(1), " * 500 + "}",
    "comparison": "x = " + "a < " * 500 + "b",
    "targets": "a = " * 500 + "1",
    "strings": "x = (" + "'a' " * 500 + ")",
    "body": "def f():\n" + "    x = 1\n" * 500,
    "decorators": "@a\n" * 200 + "def f(): pass",
}


@pytest.mark.parametrize("text", WIDE.values(), ids=WIDE)
def test_width_is_no_depth(statement: Callable[[str], Statement], text: str) -> None:
    found = statement(text)
    assert found.span(found.parse()) == found.stmt_span()


BACKTRACKED = {
    "del": "del " + "(" * 9 + "a" + ",)" * 9,
    "del behind a semicolon": "if a: b; del " + "(" * 9 + "a" + ",)" * 9,
    "sequences": "match x:\n    case " + "(" * 9 + "a" + ",)" * 9 + ": pass",
    "groups": "match x:\n    case 1: pass\n    case " + "(" * 9 + "a" + ")" * 9 + ": pass",
    "classes": "match x:\n    case " + "A(" * 9 + ")" * 9 + ": pass",
    "lists over lines": "match x:\n    case " + "[\n" * 9 + "a" + "]" * 9 + ": pass",
    "in a function": "def f(x):\n    match x:\n        case " + "{1: " * 9 + "a" + "}" * 9 + ": pass",
}


@pytest.mark.parametrize("text", BACKTRACKED.values(), ids=BACKTRACKED)
def test_what_libcst_reads_over_and_over_is_refused(statement: Callable[[str], Statement], text: str) -> None:
    with pytest.raises(Unparsable, match="behind case or del"):
        statement(text).parse()


@pytest.mark.parametrize(
    "text",
    [
        "del a[f((b, c))], (d, e)",
        "match x:\n    case A(b=[c, (d, e)]): pass",
        "def f():\n    '''\n    in case (of a bracket\n    case (\n    '''\n    return " + "(" * 5 + "1" + ")" * 5,
        "x = case(a(b(c(d(e(f(g(h)))))))) + del_((((((((1))))))))",
        "# case (((((((((\nx = 1",
    ],
)
def test_what_looks_a_little_like_it_is_read(statement: Callable[[str], Statement], text: str) -> None:
    statement(text).parse()


def test_what_libcst_cannot_read_is_unparsable_each_time(statement: Callable[[str], Statement]) -> None:
    broken = statement("if a:\n    \\\n  x = f(1)\n")
    for _ in range(2):
        with pytest.raises(Unparsable, match="libcst cannot read it"):
            broken.parse()


def test_a_header_is_read_where_the_body_is_too_deep(statement: Callable[[str], Statement]) -> None:
    deep = statement(f"class A(B, c=1):\n    x = {'-' * 200}1")
    with pytest.raises(Unparsable):
        deep.parse()
    assert isinstance(deep.header(), libcst.ClassDef)


def test_a_caller_deep_in_calls_is_served(statement: Callable[[str], Statement]) -> None:
    found = statement("x = " + "-" * 60 + "f(1)")

    def descend(frames: int) -> object:
        return descend(frames - 1) if frames else found.span(found.parse())

    assert descend(sys.getrecursionlimit() - 250) == found.stmt_span()


def test_the_collector_and_the_limit_are_as_before(statement: Callable[[str], Statement]) -> None:
    before = gc.isenabled(), sys.getrecursionlimit()
    statement("x = f(1)").parse()
    statement("del " + "(" * 5 + "a" + ",)" * 5).parse()
    assert (gc.isenabled(), sys.getrecursionlimit()) == before


CRASH = """
from cnnlint.source.index import Unparsable, index_source
from cnnlint.source.text import SourceProblem, SourceText

blocks = lambda n, inner: "".join(" " * i + "if a:\\n" for i in range(n)) + " " * n + inner
worst = [
    blocks(98, "x = " + "(" * 195 + ")" * 195),
    blocks(45, "x = " + "(f(" * 45 + "1" + "))" * 45),
    blocks(90, "x = 1"),
    "x = " + "(" * 95 + "f(" * 95 + ")" * 190,
    "x = " + "(-" * 98 + "1" + ")" * 98,
    "x = " + "a and " * 90 + "b",
    "x = (" + "'a' " * 20000 + ")",
    "x = (" + "f'{a}' " * 5000 + ")",
    "x = f'" + "{a}" * 5000 + "'",
    "x = " + "1+" * 5000 + "1",
]
for text in worst:
    try:
        for statement in index_source(SourceText("a.py", text)).scope.statements:
            statement.span(statement.parse())
    except (SourceProblem, Unparsable) as problem:
        print(type(problem).__name__)
    else:
        print("read")
"""


def test_the_worst_that_is_let_through_fits_the_stack() -> None:
    done = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 10
