"""What the index knows of each statement of a scope."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint.source.index import FileIndex, Scope, Statement, index_source, may_hold_model
from cnnlint.source.text import SourceProblem, SourceText

EFFECTS = {
    "x = 1": ("assign", "x", ""),
    "x: int = 1": ("assign", "x", ""),
    "x: int": ("assign", "x", ""),
    "x += 1": ("assign", "x", ""),
    "x |= {}": ("assign", "x", ""),
    "x = y = z": ("assign", "x y", ""),
    "(a, [b, *c]), d = z": ("assign", "a b c d", ""),
    "x['a'] = 1": ("assign", "", "x"),
    "x.a = 1": ("assign", "", "x"),
    "x.a.b += 1": ("assign", "", "x"),
    "x.a[0].b = y.c = 1": ("assign", "", "x y"),
    "f(x).a = 1": ("assign", "", "f"),
    "(a, x.b), *y[0] = 1": ("assign", "a", "x y"),
    "'abc'.x = 1": ("assign", "", ""),
    "del x": ("delete", "x", ""),
    "del x.a, y[0]": ("delete", "", "x y"),
    "import a": ("import", "a", ""),
    "import a.b.c": ("import", "a", ""),
    "import a.b as c, d": ("import", "c d", ""),
    "from a import b": ("import", "b", ""),
    "from . import (b as c, d)": ("import", "c d", ""),
    "from a import *": ("import", "", ""),
    "def f(a=(x := 1)):\n    b = 2": ("function", "f x", ""),
    "async def f(): pass": ("function", "f", ""),
    "@g\ndef f(): pass": ("function", "f", ""),
    "class A(B, metaclass=C):\n    x = 1": ("class", "A", ""),
    "for i, (j, k) in z:\n    x = i\nelse:\n    y = 1": ("for", "i j k x y", ""),
    "for a.b in z:\n    x[a] = 1": ("for", "", "a x"),
    "while (n := f()):\n    x.append(n)": ("while", "n", "x"),
    "with open(a) as f, b as (c, d):\n    x = 1": ("with", "f c d x", ""),
    "try:\n    a = 1\nexcept E as e:\n    b = 1\nelse:\n    c = 1\nfinally:\n    d = 1": ("try", "e a c d b", ""),
    "try: pass\nexcept* E as e: x = 1": ("try", "e x", ""),
    "if a:\n    x = 1\nelif b:\n    y = 1\nelse:\n    def f(): z = 1": ("if", "x y f", ""),
    "match a:\n    case [x, *y] | {'k': z, **w}: u = 1\n    case C(v, k=t) as s: pass": (
        "match",
        "x y w z s v t u",
        "",
    ),
    "match a:\n    case _: pass": ("match", "", ""),
    "x.append(1)": ("expr", "", "x"),
    "x.a.b(1)": ("expr", "", "x"),
    "x['k'].a().update(1)": ("expr", "", "x"),
    "await x.run()": ("expr", "", "x"),
    "print(x)": ("expr", "", ""),
    "setattr(x, 'a', 1)": ("expr", "", "x"),
    "delattr(x.y, 'a')": ("expr", "", "x"),
    "setattr()": ("expr", "", ""),
    "x.a": ("expr", "", ""),
    "y = x.pop('a')": ("assign", "y", ""),
    "print(x := 1)": ("expr", "x", ""),
    "y = [z for z in (x := w)]": ("assign", "y x", ""),
    "y = [x := z for z in w]": ("assign", "y x", ""),
    "y = lambda: (x := 1)": ("assign", "y", ""),
    "y = lambda a=(x := 1): a": ("assign", "y x", ""),
    "if a: from b import *": ("if", "", ""),
    "assert x": ("assert", "", ""),
    "global x": ("global", "", ""),
    "raise X": ("raise", "", ""),
    "pass": ("pass", "", ""),
    "'doc'": ("expr", "", ""),
}


@pytest.mark.parametrize("text", EFFECTS)
def test_what_a_statement_does_to_names(statement: Callable[[str], Statement], text: str) -> None:
    kind, names, changes = EFFECTS[text]
    if text.startswith("await"):
        found = statement(f"class A:\n    async def f(): {text}")
        found = Scope(found.body.statements[0].node.body, found.file).statements[0]  # type: ignore[attr-defined]
    else:
        found = statement(text)
    assert (found.kind, set(found.names), set(found.changes)) == (kind, set(names.split()), set(changes.split()))
    assert found.star is ("*" in text and "import *" in text)


NET = """\
from a import *
import torch
cfg = {}
for k in "ab":
    cfg[k] = 1
class Net(torch.nn.Module):
    width = 1
    def forward(self, x): cfg = None
Net.depth = 3
cfg.update(x=2)
net, cfg = 1, cfg
if __name__ == "__main__":
    cfg = net = Net()
if "__main__" == __name__: cfg = 1
"""


def test_by_name_lists_what_concerns_a_name_in_order(index: Callable[[str], FileIndex]) -> None:
    scope = index(NET).scope
    lines = {name: [statement.line for statement in found] for name, found in scope.by_name.items()}
    assert lines == {"torch": [2], "cfg": [3, 4, 10, 11], "k": [4], "Net": [6, 9], "net": [11]}
    assert [statement.line for statement in scope.stars] == [1]
    assert [statement.line for statement in scope.entry_guard] == [12, 14]
    assert [statement.line for statement in scope.statements] == [1, 2, 3, 4, 6, 9, 10, 11, 12, 14]
    assert scope.by_name["Net"][0] is scope.statements[4]


@pytest.mark.parametrize(
    "text",
    [
        "if __name__ != '__main__': x = 1",
        "if __name__ == 'x': x = 1",
        "if a: x = 1",
        "while __name__ == '__main__': x = 1",
    ],
)
def test_what_is_no_entry_guard(index: Callable[[str], FileIndex], text: str) -> None:
    scope = index(text).scope
    assert scope.entry_guard == ()
    assert "x" in scope.by_name


def test_a_class_body_is_a_scope(index: Callable[[str], FileIndex]) -> None:
    file = index(NET)
    body = file.scope.by_name["Net"][0].body
    assert {name: [s.kind for s in found] for name, found in body.by_name.items()} == {
        "width": ["assign"],
        "forward": ["function"],
    }
    assert body.statements[0].file is file
    assert file.scope.by_name["Net"][0].body is body


def test_only_a_class_has_a_body_scope(statement: Callable[[str], Statement]) -> None:
    with pytest.raises(TypeError, match=r"net\.py:1"):
        _ = statement("x = 1").body


def test_statements_are_equal_only_to_themselves(index: Callable[[str], FileIndex]) -> None:
    one, two = index("x = 1").scope.statements[0], index("x = 1").scope.statements[0]
    assert one != two
    assert len({one, two, one}) == 2


BROKEN = {
    "unfinished": ("x = 1\ny = (\n", 2, 5),
    "at the end": ("def f(:", 1, 7),
    "behind wide characters": ("é = 'é' 1\n", 1, 9),
    "bad indentation": ("if a:\nb\n", 2, 1),
    "mixed tabs": ("if a:\n\tx\n        y\n", 3, None),
    "lone carriage returns": ("x = 1\ry = )\r", 2, 5),
    "lone surrogate": ("x = '\udc80'", 1, 1),
    "digits without end": (f"x = {'1' * 5000}", 1, None),
}


@pytest.mark.parametrize(("text", "line", "column"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_one_problem_with_its_place(text: str, line: int, column: int | None) -> None:
    with pytest.raises(SourceProblem) as caught:
        index_source(SourceText("net.py", text))
    problem = caught.value
    assert (problem.kind, problem.path, problem.line) == ("syntax-error", "net.py", line)
    assert problem.column == column or (column is None and problem.column >= 1)
    assert problem.message


def outcome(text: str) -> str | int:
    """The kind of the problem, or the number of statements."""
    try:
        return len(index_source(SourceText("net.py", text)).scope.statements)
    except SourceProblem as problem:
        return problem.kind


HOSTILE = {
    "sum": "x = " + "1+" * 100_000 + "1",
    "parentheses": "x = " + "(" * 5000 + ")" * 5000,
    "minus": "x = " + "-" * 100_000 + "1",
    "attributes": "x = a" + ".b" * 100_000,
    "blocks": "".join(" " * depth + "if a:\n" for depth in range(200)),
    "else-ifs": "if a: pass\n" + "elif a: pass\n" * 20_000,
    "lambdas": "x = " + "lambda: " * 20_000 + "1",
    "null": "x = 1\0",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_depth_is_a_problem_or_an_index(text: str) -> None:
    found = outcome(text)
    assert found in ("syntax-error", 1)


@pytest.mark.filterwarnings("error")
def test_warnings_about_the_text_are_not_ours(index: Callable[[str], FileIndex]) -> None:
    assert index("x = '\\d' is 1\nassert (x, 1)\n").scope.by_name["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import torch\nnet = torch.nn.Linear(1, 2)", True),
        ("from .base import Net\nclass A(Net): pass", True),
        ("from .zoo import build\ndef a(): return build()", True),
        ("from .base import *", False),
        ("class A: pass", False),
        ("x = 1", False),
        ("", False),
    ],
)
def test_files_without_a_model_are_passed_over(text: str, expected: bool) -> None:
    assert may_hold_model(text) is expected


@pytest.mark.corpus
def test_no_file_of_torchvision_that_defines_a_module_is_passed_over(torchvision: Path) -> None:
    texts = {path: path.read_text("utf-8") for path in sorted(torchvision.rglob("*.py"))}
    classes = [
        (
            path,
            node.name,
            {root.attr if isinstance(root, ast.Attribute) else getattr(root, "id", "") for root in node.bases},
        )
        for path, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    ]
    modules = {"Module", "Sequential", "ModuleDict", "ModuleList"}
    while more := {name for _, name, bases in classes if bases & modules} - modules:
        modules |= more
    defining = {path for path, _, bases in classes if bases & modules}
    assert len(defining) > 50
    assert [path for path in sorted(defining) if not may_hold_model(texts[path])] == []
