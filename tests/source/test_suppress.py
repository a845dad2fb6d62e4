"""Which comment silences which finding."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.graph.shapes import InputShape
from cnnlint.source.suppress import Notice, Suppressions, suppressions
from cnnlint.source.text import SourceText

RULE = ("CNN201", "even-kernel")


def read(text: str) -> Suppressions:
    return suppressions(SourceText("net.py", text))


def silenced(text: str, rule: Collection[str] = RULE) -> list[int]:
    """The lines on which a finding of one line would be silent."""
    found = read(text)
    return [line for line in range(1, text.count("\n") + 2) if found.matches(rule, line, line)]


ONE_LINE = {
    "x = 1  # cnnlint: ignore[CNN201]": True,
    "x = 1  # cnnlint: ignore": True,
    "x = 1  #cnnlint:ignore": True,
    "x = 1  #  cnnlint :  ignore [CNN201]": True,
    "x = 1  # cnnlint: ignore because of the paper": True,
    "x = 1  # cnnlint: ignore[CNN201] because": True,
    "x = 1  # cnnlint: ignore[even-kernel]": True,
    "x = 1  # cnnlint: ignore[CNN2]": True,
    "x = 1  # cnnlint: ignore[CNN]": True,
    "x = 1  # cnnlint: ignore[cnn201]": True,
    "x = 1  # cnnlint: ignore[ALL]": True,
    "x = 1  # cnnlint: ignore[CNN301, CNN201]": True,
    "x = 1  # cnnlint: ignore[CNN301 CNN201,]": True,
    "x = 1  # type: ignore  # cnnlint: ignore[CNN201]": True,
    "x = 1  # cnnlint: ignore[CNN201]  # noqa: E501": True,
    "x = 1  # note # cnnlint: ignore[CNN201]": True,
    "x = 1  # noqa": True,
    "x = 1  # NOQA": True,
    "x = 1  # noqa: CNN201": True,
    "x = 1  # noqa:E501,CNN201": True,
    "x = 1  # noqa: E501 CNN201": True,
    "x = 1  # noqa: CNN2": True,
    "x = 1  # cnnlint: ignore[CNN301]": False,
    "x = 1  # cnnlint: ignore[CNN2011]": False,
    "x = 1  # cnnlint: ignore[even]": False,
    "x = 1  # cnnlint: ignore[]": False,
    "x = 1  # cnnlint: ignore[CNN201": False,
    "x = 1  # cnnlint: ignore CNN201": False,
    "x = 1  # cnnlint: ignore: CNN201": False,
    "x = 1  # cnnlint: enable[CNN201]": False,
    "x = 1  # cnnlint ignore[CNN201]": False,
    "x = 1  # noqa: E501": False,
    "x = 1  # noqality": False,
    "x = 1  # flake8: noqa": False,
    "x = '# cnnlint: ignore[CNN201]'": False,
    "x = '# noqa'": False,
    "x = 1": False,
}


@pytest.mark.parametrize("text", ONE_LINE)
def test_at_the_end_of_a_line(text: str) -> None:
    assert silenced(text) == ([1] if ONE_LINE[text] else [])


LINES = {
    "above": ("# cnnlint: ignore[CNN201]\nx = 1\ny = 2\n", [2]),
    "above, with others between": ("# cnnlint: ignore\n# note\n\nx = 1\ny = 2\n", [4]),
    "several above": ("# cnnlint: ignore[CNN9]\n# cnnlint: ignore[CNN2]\nx = 1\ny = 2\n", [3]),
    "noqa above is none": ("# noqa\nx = 1\n", []),
    "above in a block": ("if a:\n    # cnnlint: ignore\n    x = 1\n    y = 2\n", [3]),
    "first line": ("x = f(  # cnnlint: ignore\n    1,\n    2,\n)\ny = 2\n", [1, 2, 3, 4]),
    "last line": ("x = f(\n    1,\n    2,\n)  # cnnlint: ignore\ny = 2\n", [1, 2, 3, 4]),
    "middle line": ("x = f(\n    1,\n    2,  # cnnlint: ignore\n)\ny = 2\n", [3]),
    "above a middle line": ("x = f(\n    1,\n    # cnnlint: ignore\n    # note\n    2,\n    3,\n)\n", [5]),
    "above a long statement": ("# cnnlint: ignore\nx = f(\n    1,\n)\ny = 2\n", [2, 3, 4]),
    "behind a long string": ("x = '''\na\n'''  # cnnlint: ignore\ny = 2\n", [1, 2, 3]),
    "behind a continuation": ("x = 1 + \\\n    2  # cnnlint: ignore\ny = 2\n", [1, 2]),
    "head of a block": ("class A:  # cnnlint: ignore\n    x = 1\n", [1]),
    "above decorators": ("# cnnlint: ignore\n@a\n@b(\n    1)\nclass A:\n    x = 1\n", [2, 3, 4, 5]),
    "on a decorator": ("@a  # cnnlint: ignore\ndef f(\n    x,\n): return 1\ny = 2\n", [1, 2, 3, 4]),
    "on a class behind a decorator": ("@a\nclass A:  # cnnlint: ignore\n    x = 1\n", [2]),
    "semicolons": ("a; b  # cnnlint: ignore\nc\n", [1]),
    "windows line ends": ("# cnnlint: ignore\r\nx = 1\r\ny = 2\r\n", [2]),
    "form feed": ("\f# cnnlint: ignore\nx = 1\n\fy = 2  # cnnlint: ignore\n", [2, 3]),
    "the whole file": ("x = 1\n# cnnlint: ignore-file[CNN201]\ny = 2", [1, 2, 3]),
    "the whole file, all": ("x = 1  # cnnlint: ignore-file\ny = 2", [1, 2]),
    "a region": ("x\n# cnnlint: disable[CNN201]\ny\n# cnnlint: enable[CNN201]\nz\n", [2, 3, 4]),
    "a region without end": ("x\n# cnnlint: disable\ny\nz", [2, 3, 4]),
    "a region begun behind code": ("x\ny  # cnnlint: disable\nz  # cnnlint: enable\nw", [2, 3]),
    "a region ended by all": ("# cnnlint: disable[CNN2]\nx\n# cnnlint: enable\ny", [1, 2, 3]),
    "a region of two, one ended": (
        "# cnnlint: disable[CNN201, CNN301]\nx\n# cnnlint: enable[CNN301]\ny\n# cnnlint: enable[CNN201]\nz",
        [1, 2, 3, 4, 5],
    ),
    "a region ended by another": ("# cnnlint: disable[CNN201]\nx\n# cnnlint: enable[CNN301]\ny", [1, 2, 3, 4]),
    "two regions": (
        "# cnnlint: disable\na\n# cnnlint: enable\nb\n# cnnlint: disable\nc\n# cnnlint: enable\nd",
        [1, 2, 3, 5, 6, 7],
    ),
    "a comment at the end": ("x = 1\n# cnnlint: ignore\n", [2]),
    "nothing but comments": ("# cnnlint: ignore-file\n", [1]),
    "behind what is no Python": ("x = 1  # cnnlint: ignore\ny = $ ? (\nz", [1]),
}


@pytest.mark.parametrize(("text", "lines"), LINES.values(), ids=LINES)
def test_which_lines_are_silent(text: str, lines: list[int]) -> None:
    found = read(text)
    total = len(found.source.lines)
    assert [line for line in range(1, total + 1) if found.matches(RULE, line, line)] == lines


def test_a_finding_of_several_lines() -> None:
    text = "x = f(\n    g(\n        1,  # cnnlint: ignore\n    ),  # cnnlint: ignore[CNN201]\n    2,\n)\n"
    assert read(text).matches(RULE, 2, 4)
    assert read(text).matches(RULE, 3, 3)
    assert not read(text).matches(RULE, 1, 6)
    assert not read(text).matches(RULE, 5, 5)


def test_a_finding_that_begins_in_a_header() -> None:
    found = read("class A:  # cnnlint: ignore\n    x = 1\n    y = 2\n")
    assert found.matches(RULE, 1, 3)
    assert not found.matches(RULE, 2, 3)


def told(notices: list[Notice], text: str) -> list[tuple[int, tuple[str, ...], str]]:
    """Line, selectors and mended text of notices."""
    source = SourceText("net.py", text)
    mended = []
    for notice in notices:
        edit = notice.edit
        start, end = source.offset(edit.line, edit.column), source.offset(edit.end_line, edit.end_column)
        mended.append((notice.span.line, notice.selectors, text[:start] + notice.text + text[end:]))
    return mended


UNUSED = {
    "used": ("x = 1  # cnnlint: ignore[CNN201]\n", []),
    "used, all rules": ("x = 1  # cnnlint: ignore\n", []),
    "noqa is not ours": ("x = 1\ny = 2  # noqa: CNN201\nz = 3  # noqa\n", []),
    "at the end": ("x\ny = 2  # cnnlint: ignore[CNN201] why\n", [(2, ("CNN201",), "x\ny = 2\n")]),
    "all rules": ("x\ny = 2  # cnnlint: ignore\n", [(2, (), "x\ny = 2\n")]),
    "alone": ("x\n# cnnlint: ignore[CNN2]\ny\n", [(2, ("CNN2",), "x\ny\n")]),
    "alone, indented": ("if x:\n    # cnnlint: ignore[CNN2]\n    y\n", [(2, ("CNN2",), "if x:\n    y\n")]),
    "at the end of the file": ("x\n# cnnlint: ignore", [(2, (), "x\n")]),
    "one of two": ("x  # cnnlint: ignore[CNN201, CNN301]\n", [(1, ("CNN301",), "x  # cnnlint: ignore[CNN201]\n")]),
    "two of three": (
        "x  # cnnlint: ignore[CNN1,even-kernel,CNN3] why\n",
        [(1, ("CNN1", "CNN3"), "x  # cnnlint: ignore[even-kernel] why\n")],
    ),
    "before another comment": ("x\ny  # cnnlint: ignore  # noqa\n", [(2, (), "x\ny  # noqa\n")]),
    "behind another comment": ("x\ny  # noqa  # cnnlint: ignore\n", [(2, (), "x\ny  # noqa\n")]),
    "the whole file": ("x\n# cnnlint: ignore-file[CNN3]\n", [(2, ("CNN3",), "x\n")]),
    "an end without a beginning": ("x\n# cnnlint: enable[CNN2]\ny\n", [(2, ("CNN2",), "x\ny\n")]),
    "an end of nothing": ("x\n# cnnlint: enable\ny\n", [(2, (), "x\ny\n")]),
    "a region": ("# cnnlint: disable[CNN201]\nx\n# cnnlint: enable[CNN201]\n", []),
}


@pytest.mark.parametrize(("text", "expected"), UNUSED.values(), ids=UNUSED)
def test_unused_comments(text: str, expected: list[tuple[int, tuple[str, ...], str]]) -> None:
    found = read(text)
    found.matches(RULE, 1, 1)
    assert told(list(found.unused()), text) == expected


def test_only_rules_that_ran_are_judged() -> None:
    found = read("x  # cnnlint: ignore[CNN201, CNN301]\n")
    assert [notice.selectors for notice in found.unused(["CNN301", "pool-first"])] == [("CNN301",)]
    assert [notice.selectors for notice in found.unused([])] == []


UNKNOWN = {
    "ignore[CNN201]": [],
    "ignore[CNN2, CNN, ALL, even-kernel, shape]": [],
    "ignore": [],
    "ignore[CNN999]": ["CNN999"],
    "ignore[even-kernels, CNN201]": ["even-kernels"],
    "disable[nonsense, other]": ["nonsense", "other"],
    "enable[nonsense]": ["nonsense"],
    "ignore-file[nonsense]": ["nonsense"],
}


@pytest.mark.parametrize("words", UNKNOWN)
def test_unknown_selectors(words: str) -> None:
    text = f"x = 1  # cnnlint: {words}\n"
    notices = list(read(text).unknown(["CNN201", "even-kernel", "shape"]))
    assert [notice.selectors[0] for notice in notices] == UNKNOWN[words]
    for notice in notices:
        if len(UNKNOWN[words]) < words.count(",") + 1 or "," in words:
            start, end = notice.span.column, notice.span.end_column
            assert text[start - 1 : end - 1] == notice.selectors[0]


def test_unknown_codes_of_noqa_are_those_of_others() -> None:
    assert list(read("x  # noqa: E501\n").unknown(["CNN201"])) == []


PROBLEMS = {
    "ignroe[CNN201]": ("# cnnlint: ignroe[CNN201]", "is not one of ignore"),
    "": ("# cnnlint:", "is not one of ignore"),
    "ignore[]": ("# cnnlint: ignore[]", "needs codes or names"),
    "ignore[ , ]": ("# cnnlint: ignore[ , ]", "needs codes or names"),
    "ignore[CNN201": ("# cnnlint: ignore[CNN201", "needs codes or names"),
    "disable CNN201": ("# cnnlint: disable CNN201", "needs codes or names"),
    "input": ("", "needs a shape"),
    "input=": ("=", "needs a shape"),
    "input=3x": ("3x", "is not a shape"),
    "input=big": ("big", "is not a shape"),
    "input=3x8x8; nonsense": ("nonsense", "is not a shape"),
    "input=3x8x8 and more": ("and", "is not a shape"),
    "input=0x8x8": ("0x8x8", "a size of 0"),
    "input=3x99999999999999999999": ("3x99999999999999999999", "is not a shape"),
}


@pytest.mark.parametrize("words", PROBLEMS)
def test_malformed_comments(words: str) -> None:
    text = f"class A: pass  # cnnlint: {words}\n"
    found = read(text)
    [problem] = found.problems
    at, message = PROBLEMS[words]
    assert message in problem.message
    assert text[problem.span.column - 1 : problem.span.end_column - 1] == at
    assert (problem.span.path, problem.span.line, problem.span.end_line) == ("net.py", 1, 1)
    assert (found.comments, found.inputs) == ([], [])


IMAGE = InputShape(None, (3, 224, 224))
INPUTS = {
    "on a class": ("class A:  # cnnlint: input=3x224x224\n    pass\n", 1, (IMAGE,)),
    "above a class": ("\n# cnnlint: input=3x224x224\nclass A: pass\n", 3, (IMAGE,)),
    "above decorators": ("# cnnlint: input=3x224x224\n@a\n@b\nclass A: pass\n", 4, (IMAGE,)),
    "on a decorator": ("@a  # cnnlint: input=3x224x224\ndef f(): pass\n", 2, (IMAGE,)),
    "behind a long header": ("def f(\n    a,\n):  # cnnlint: input=3x224x224\n    pass\n", 1, (IMAGE,)),
    "async": ("# cnnlint: input=3x224x224\nasync def f(): pass\n", 2, (IMAGE,)),
    "with other comments": ("# cnnlint: input=3x224x224\n# note\nclass A: pass  # noqa\n", 3, (IMAGE,)),
    "with a batch": ("class A: pass  # cnnlint: input=1x3x224x224", 1, (InputShape(None, (1, 3, 224, 224)),)),
    "named": ("class A: pass  # cnnlint: input=x=3x224x224", 1, (InputShape("x", (3, 224, 224)),)),
    "several": (
        "class A: pass  # cnnlint: input=3x224x224; y=1x8 z=2",
        1,
        (IMAGE, InputShape("y", (1, 8)), InputShape("z", (2,))),
    ),
    "in wide writing": (
        "class A: pass  # cnnlint: input = 3 x 224 x 224 ; y = 1 x 8",
        1,
        (IMAGE, InputShape("y", (1, 8))),
    ),
    "with commas": ("class A: pass  # cnnlint: input=3,224,224", 1, (IMAGE,)),
    "before another comment": ("class A: pass  # cnnlint: input=3x224x224  # noqa", 1, (IMAGE,)),
}


@pytest.mark.parametrize(("text", "line", "shapes"), INPUTS.values(), ids=INPUTS)
def test_input_annotations(text: str, line: int, shapes: tuple[InputShape, ...]) -> None:
    found = read(text)
    assert found.problems == []
    assert [(note.line, note.shapes) for note in found.inputs] == [(line, shapes)]


@pytest.mark.parametrize(
    "text", ["x = 1  # cnnlint: input=3x8x8", "# cnnlint: input=3x8x8\n", "f(\n# cnnlint: input=3x8x8\n)"]
)
def test_an_input_belongs_to_a_definition(text: str) -> None:
    [problem] = read(text).problems
    assert "class or function" in problem.message


def test_text_without_the_word_is_not_tokenized() -> None:
    assert read("x = '''").comments == []


@given(
    st.lists(
        st.sampled_from(
            ["# cnnlint: ", "ignore", "[", "]", "CNN2", ",", " ", "\n", "(", ")", "'''", "disable", "enable", "input=",
             "3x8", "class A:", "x", "\t", "# noqa", ": ", "\\", "\r", "\f", "é", "ignore-file", "@", "=", ";"]
        ),
        max_size=25,
    )
)  # fmt: skip
def test_any_text_is_survived(parts: list[str]) -> None:
    found = read("".join(parts))
    for line in range(1, 6):
        found.matches(RULE, line, line + 1)
    for notice in (*found.unused(), *found.unknown(RULE)):
        assert notice.edit[1:3] <= notice.edit[3:]
