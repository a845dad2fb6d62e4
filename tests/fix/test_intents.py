"""Intents become edits; each case shows a call or statement before and after."""

from __future__ import annotations

import pytest

from cnnlint.fix.apply import edited, fixed_text
from cnnlint.fix.intents import text_fix
from cnnlint.graph.span import Span
from cnnlint.rule import (
    Applicability,
    BuildEach,
    BuildOnce,
    DeleteLine,
    Edit,
    Fix,
    InsertFirst,
    InsertLine,
    MoveFirst,
    RemoveArgument,
    ReplaceCallee,
    ReplaceSpan,
    SetArgument,
    Unaugment,
    Unwrap,
    WrapArgument,
    WrapValue,
)
from cnnlint.source.index import index_source
from cnnlint.source.text import SourceText


def carry_out(before: str, intent: type[Edit], *values: object, at: str | None = None) -> str | None:
    """``before`` with the intent carried out at the text between ``«`` and ``»``."""
    start, end = before.index("«"), before.index("»") - 1
    text = SourceText("net.py", before.replace("«", "").replace("»", ""))
    span = text.span(start, end)
    fix = text_fix(Fix((intent(span, *values),)), index_source(text))
    return None if fix is None else edited(text, fix.edits)


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("x = «f([a, b])»\n", (0, "*"), "x = f(*[a, b])\n"),
        ("x = «f(1, (2), k=3)»\n", (1, "g(", ")"), "x = f(1, g((2)), k=3)\n"),
        ("x = «f(([a]), 1)»\n", (0, "*"), "x = f(*([a]), 1)\n"),
        ("x = «f(args=[a])»\n", (0, "*"), None),
        ("x = «f(*layers)»\n", (0, "*"), None),
        ("x = «f()»\n", (0, "*"), None),
    ],
)
def test_wrap_argument(before: str, values: tuple[object, ...], after: str | None) -> None:
    assert carry_out(before, WrapArgument, *values) == after


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("x = «f()»\n", ("bias", "False"), "x = f(bias=False)\n"),
        ("x = «f(3, 64, 3)»\n", ("bias", "False"), "x = f(3, 64, 3, bias=False)\n"),
        ("x = «f(3, 64, 3,)»\n", ("bias", "False"), "x = f(3, 64, 3, bias=False,)\n"),
        ("x = «f(3, bias=True)»\n", ("bias", "False"), "x = f(3, bias=False)\n"),
        ("x = «f(3, bias = (True))»  # why\n", ("bias", "False"), "x = f(3, bias = (False))  # why\n"),
        ("x = «f(3, 64, 3, 1)»\n", ("stride", "2", 3), "x = f(3, 64, 3, 2)\n"),
        ("x = «f(3, stride=( 1, 1 ), k=2)»\n", ("stride", "(2, 1)"), "x = f(3, stride=(2, 1), k=2)\n"),
        ("x = «f(3, 64, 3)»\n", ("stride", "2", 3), "x = f(3, 64, 3, stride=2)\n"),
        ("x = «f(\n    3,\n    64,  # out\n)»\n", ("b", "0"), "x = f(\n    3,\n    64,\n    b=0,  # out\n)\n"),
        ("x = «f(\r\n\t3,\r\n\t64\r\n)»\r\n", ("b", "0"), "x = f(\r\n\t3,\r\n\t64,\r\n\tb=0\r\n)\r\n"),
        ("x = «f(3,\n      64)»\n", ("b", "0"), "x = f(3,\n      64,\n      b=0)\n"),
        ("x = «f(*args)»\n", ("bias", "False"), None),
        ("x = «f(**options)»\n", ("bias", "False"), None),
        ("x = «f(i for i in y)»\n", ("bias", "False"), None),
        ("x = g(1, «f((3))», 2)\n", ("bias", "False"), "x = g(1, f((3), bias=False), 2)\n"),
        ("x = g('é', «f('ü')»)\n", ("n", "1"), "x = g('é', f('ü', n=1))\n"),
        ("class A:\n    def m(self):\n        self.c = «f(1)»; y = 2\n", ("n", "1"),
         "class A:\n    def m(self):\n        self.c = f(1, n=1); y = 2\n"),
        ("if a:\n    for i in «f(1)»:\n        pass\n", ("n", "1"), "if a:\n    for i in f(1, n=1):\n        pass\n"),
        ("x = «y»\n", ("bias", "False"), None),
    ],
)  # fmt: skip
def test_set_argument(before: str, values: tuple[object, ...], after: str | None) -> None:
    assert carry_out(before, SetArgument, *values) == after


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("x = «f(3, dilation=2, bias=False)»\n", ("dilation",), "x = f(3, bias=False)\n"),
        ("x = «f(3, dilation=2)»\n", ("dilation",), "x = f(3)\n"),
        ("x = «f(3, dilation=2,)»\n", ("dilation",), "x = f(3,)\n"),
        ("x = «f(dilation=2)»\n", ("dilation",), "x = f()\n"),
        ("x = «f(3, 4, 5)»\n", ("stride", 2), "x = f(3, 4)\n"),
        ("x = «f(3, 4, 5)»\n", ("stride", 1), None),
        ("x = «f(3, 4, b=5)»\n", ("stride", 1), "x = f(3, b=5)\n"),
        ("x = «f(\n    3,  # in\n    d=2,\n)»\n", ("d",), None),
        ("x = «f(3)»\n", ("dilation",), None),
    ],
)
def test_remove_argument(before: str, values: tuple[object, ...], after: str | None) -> None:
    assert carry_out(before, RemoveArgument, *values) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = «nn.Conv2d(1, 2)»\n", "x = nn.Conv1d(1, 2)\n"),
        ("x = «nn.Conv2d»(1, 2)\n", "x = nn.Conv1d(1, 2)\n"),
    ],
)
def test_replace_callee(before: str, after: str) -> None:
    assert carry_out(before, ReplaceCallee, "nn.Conv1d") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("y = «x.view(-1, 400)»\n", "y = x.flatten(1)\n"),
        ("y = «f(x).view(\n    -1,\n    400)»  # why\n", "y = f(x).flatten(1)  # why\n"),
        ("import torch\ny = «torch.reshape(x, (-1, 400))»\n", "import torch\ny = torch.flatten(x, 1)\n"),
        (
            "import torch.nn.functional as F\ny = «F.f(a + b)»\n",
            "import torch.nn.functional as F\ny = F.flatten((a + b), 1)\n",
        ),
        ("import torch\ny = «torch.reshape(input=x, shape=(2,))»\n", None),
        ("y = «x.view(-1,  # the batch\n    400)»\n", None),
        ("y = «view(x)»\n", None),
        ("y = «x.view»(-1)\n", None),
    ],
)
def test_replace_callee_and_arguments(before: str, after: str | None) -> None:
    assert carry_out(before, ReplaceCallee, ".flatten", "1") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import torch\ny = «torch.relu(x)» * 2\n", "import torch\ny = x * 2\n"),
        (
            "import torch.nn.functional as F\ny = «F.softmax(f(x), dim=1)»\n",
            "import torch.nn.functional as F\ny = f(x)\n",
        ),
        ("y = «relu(a + b)» * 2\n", "y = (a + b) * 2\n"),
        ("y = «f(x).sigmoid()».mean()\n", "y = f(x).mean()\n"),
        ("y = «(a + b).relu()»\n", "y = (a + b)\n"),
        ("y = «relu(input=x)»\n", None),
        ("y = «relu(*x)»\n", None),
        ("y = «relu(x,  # why\n    1)»\n", None),
    ],
)
def test_unwrap(before: str, after: str | None) -> None:
    assert carry_out(before, Unwrap) == after


@pytest.mark.parametrize(
    ("imports", "written"),
    [
        ("from torch import nn", "nn.ReLU()"),
        ("import torch.nn as nn, os", "nn.ReLU()"),
        ("import torch", "torch.nn.ReLU()"),
        ("import torch\nimport torch.nn as tnn", "tnn.ReLU()"),
        ("import torch.nn", "torch.nn.ReLU()"),
        ("from torch.nn import ReLU as R, Tanh", "R()"),
        ("from torch.nn import Tanh", None),
        ("from .torch import nn", None),
        ("", None),
    ],
)
def test_names_of_torch_as_the_file_imports_them(imports: str, written: str | None) -> None:
    found = carry_out(f"{imports}\nx = «f()»\n", ReplaceSpan, "torch.nn.ReLU()")
    assert found == (None if written is None else f"{imports}\nx = {written}\n")


@pytest.mark.parametrize(
    ("before", "values", "after"),
    [
        ("self.a = «[f(1)]»\n", ("g(",), "self.a = g([f(1)])\n"),
        ("«self.a = [\n    f(1),  # one\n]»\n", ("g(",), "self.a = g([\n    f(1),  # one\n])\n"),
        ("«self.a: list = (f(1), f(2))»\n", ("g(",), "self.a: list = g((f(1), f(2)))\n"),
        ("«self.a = (f(1)), (f(2))»\n", ("g(",), "self.a = g(((f(1)), (f(2))))\n"),
        ("«self.a = self.b = []»\n", ("g(",), None),
        ("«self.a += []»\n", ("g(",), None),
        ("«self.a = f(1)»  # why\n", ("self.g('a', ", ", k=0)", True), "self.g('a', f(1), k=0)  # why\n"),
        ("«a = f(1)»\n", ("self.g('a', ", ")", True), None),
    ],
)
def test_wrap_value(before: str, values: tuple[object, ...], after: str | None) -> None:
    assert carry_out(before, WrapValue, *values) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = [«f(1)»] * 3\n", "x = [f(1) for _ in range(3)]\n"),
        ("x = n * [«f(1)»]\n", "x = [f(1) for _ in range(n)]\n"),
        ("x = g(*([«f(1)»] * (n - 1)))\n", "x = g(*([f(1) for _ in range(n - 1)]))\n"),
        ("x = [  # why\n    «f(1)»,  # one\n] * 3\n", "x = [  # why\n    f(1) for _ in range(3)  # one\n]\n"),
        ("x = [«f(1)», g()] * 3\n", "x = [layer for _ in range(3) for layer in (f(1), g())]\n"),
        ("x = [g(«f(1)»)] * 3\n", "x = [g(f(1)) for _ in range(3)]\n"),
        ("x = [*y, «f(1)»] * 3\n", None),
        ("x = [«f(1)»]\n", None),
    ],
)
def test_build_each(before: str, after: str | None) -> None:
    assert carry_out(before, BuildEach) == after


CLASS = """\
class Net:
    def __init__(self):
        super().__init__()
        self.a = 1  # one

    def forward(self, x, n):
        k = 2
        for i in n:
            pass
        return {}
"""


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        ("«f(3, G)»(x)", "f(3, G)"),
        ("«f(self.a)»(x)", "f(self.a)"),
        ("«f(x.shape)»(x)", None),
        ("«f(k)»(x)", None),
        ("«f(i)»(x)", None),
        ("[«f(3)»(y) for y in n]", None),
        ("self.g(«f(3)»)(x)", None),
    ],
)
def test_build_once(result: str, kept: str | None) -> None:
    expected = CLASS.format(result.replace(f"«{kept}»", "self.g")).replace(
        "  # one\n", f"  # one\n        self.g = {kept}\n"
    )
    assert carry_out(CLASS.format(result), BuildOnce, "g") == (None if kept is None else expected)


def test_replace_span() -> None:
    assert carry_out("x = y.view(«-1, 400»)\n", ReplaceSpan, "y.size(0), -1") == "x = y.view(y.size(0), -1)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    x = «g()»\n", "def f():\n    super().__init__()\n    x = g()\n"),
        ("def f():\r\n\tx = «g()»\r\n", "def f():\r\n\tsuper().__init__()\r\n\tx = g()\r\n"),
        ("if a: x = «g()»\n", None),
        ("y = 1; x = «g()»\n", None),
    ],
)
def test_insert_line(before: str, after: str | None) -> None:
    assert carry_out(before, InsertLine, "super().__init__()") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    if a:\n        x = «g()»\n", "def f():\n    new()\n    if a:\n        x = g()\n"),
        ("def f():\n    'doc'\n    x = «g()»\n", "def f():\n    'doc'\n    new()\n    x = g()\n"),
        ("def f(): x = «g()»\n", None),
        ("x = «g()»\n", None),
    ],
)
def test_insert_first(before: str, after: str | None) -> None:
    assert carry_out(before, InsertFirst, "new()") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(a):\n    x = 1\n    «g(a)»\n    y = 2\n", "def f(a):\n    g(a)\n    x = 1\n    y = 2\n"),
        ("def f(a):\n    x = 1\n    «g(x)»\n", None),
        ("def f(a):\n    «g(a)»\n", None),
        (
            "def f(a):\n    x = 1\n    if a:\n        «g(a)»\n",
            "def f(a):\n    g(a)\n    x = 1\n    if a:\n        pass\n",
        ),
    ],
)
def test_move_first(before: str, after: str | None) -> None:
    assert carry_out(before, MoveFirst) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\nx = «g()»\nb = 2\n", "a = 1\nb = 2\n"),
        ("a = 1\nx = «g()»", "a = 1\n"),
        ("def f():\n    x = «g()»\n", "def f():\n    pass\n"),
        ("a = 1\nx = «g()»  # why\nb = 2\n", "a = 1\n# why\nb = 2\n"),
        ("a = 1; x = «g()»\n", None),
        ("if a:\n    y = 1\n    x = «g(\n        1)»\nelse:\n    pass\n", "if a:\n    y = 1\nelse:\n    pass\n"),
    ],
)
def test_delete_line(before: str, after: str | None) -> None:
    assert carry_out(before, DeleteLine) == after


def test_a_fix_of_another_file_is_none() -> None:
    index = index_source(SourceText("net.py", "x = f()\n"))
    assert text_fix(Fix((ReplaceSpan(Span("other.py", 1, 5, 1, 8), "g()"),)), index) is None


def test_of_two_fixes_that_overlap_the_first_is_carried_out() -> None:
    text = SourceText("net.py", "x = f(1, 2)\n")
    index = index_source(text)
    whole = text_fix(Fix((ReplaceSpan(Span("net.py", 1, 5, 1, 12), "g()"),)), index)
    inner = text_fix(Fix((ReplaceSpan(Span("net.py", 1, 7, 1, 8), "3"),)), index)
    assert whole
    assert inner
    assert fixed_text(text, [whole, inner]) == ("x = g()\n", 1)
    assert fixed_text(text, [inner, whole]) == ("x = f(3, 2)\n", 1)


def test_a_fix_that_breaks_the_syntax_is_left_out() -> None:
    text = SourceText("net.py", "x = f(1)\ny = f(1)\n")
    index = index_source(text)
    bad = text_fix(Fix((ReplaceSpan(Span("net.py", 1, 5, 1, 9), "f(("),)), index)
    good = text_fix(Fix((ReplaceSpan(Span("net.py", 2, 5, 2, 9), "g()"),)), index)
    assert bad
    assert good
    assert fixed_text(text, [bad, good]) == ("x = f(1)\ny = g()\n", 1)


@pytest.mark.parametrize(
    ("line", "applicability"),
    [
        ("", Applicability.SAFE),
        ("net.load_state_dict(state)\n", Applicability.UNSAFE),
        ("state = torch.load('net.pth')\n", Applicability.UNSAFE),
    ],
)
def test_taking_parameters_away_is_unsafe_where_weights_are_loaded(line: str, applicability: Applicability) -> None:
    text = SourceText("net.py", f"x = f(3)\n{line}")
    edit = SetArgument(text.span(4, 8), "bias", "False")
    fix = text_fix(Fix((edit,), Applicability.SAFE, drops_parameters=True), index_source(text))
    assert fix is not None
    assert fix.applicability is applicability


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a = 1\n«m.train()»\nb = 2\n", "a = 1\nm.train()\nm.eval()\nb = 2\n"),
        ("def f():\n    «m.train()»  # why\n", "def f():\n    m.train()  # why\n    m.eval()\n"),
        ("x = «m.train(\n    True)»", "x = m.train(\n    True)\nm.eval()"),
        ("a = 1\r\n«m.train()»\r\nb = 2\r\n", "a = 1\r\nm.train()\r\nm.eval()\r\nb = 2\r\n"),
        ("if a: «m.train()»\n", None),
        ("«m.train()»; b = 2\n", None),
    ],
)
def test_insert_line_behind(before: str, after: str | None) -> None:
    assert carry_out(before, InsertLine, "m.eval()", True) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(a, b):\n    «a += b»\n    return a\n", "def f(a, b):\n    a = a + b\n    return a\n"),
        ("«out   +=  identity»  # the shortcut\n", "out = out + identity  # the shortcut\n"),
        ("«a *= b + c»\n", "a = a * (b + c)\n"),
        ("«a -= (b + c)»\n", "a = a - (b + c)\n"),
        ("«a -= (b) + (c)»\n", "a = a - ((b) + (c))\n"),
        ("«x[0] **= f(\n    y,\n)»\n", "x[0] = x[0] ** f(\n    y,\n)\n"),
        ("«a //= b if c else d»; e = 1\n", "a = a // (b if c else d); e = 1\n"),
        ("«f(a).b += c»\n", None),
        ("«a = b»\n", None),
    ],
)
def test_unaugment(before: str, after: str | None) -> None:
    assert carry_out(before, Unaugment) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def forward(self, x):\n    return «f(x)»\n",
         "def forward(self, x):\n    return f(x, training=self.training)\n"),
        ("def helper(x):\n    return «f(x)»\n", None),
        ("def forward(self, x):\n    def inner(y):\n        return «f(y)»\n",
         "def forward(self, x):\n    def inner(y):\n        return f(y, training=self.training)\n"),
    ],
)  # fmt: skip
def test_self_is_only_named_where_there_is_one(before: str, after: str | None) -> None:
    assert carry_out(before, SetArgument, "training", "self.training", 1) == after
