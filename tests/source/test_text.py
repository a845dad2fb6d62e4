from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.source.text import SourceProblem, SourceText, decode_source, read_source

DECODES = {
    "utf-8": ("x = 'é'\n".encode(), "x = 'é'\n"),
    "byte-order mark": (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
    "mark and cookie": (b"\xef\xbb\xbf# coding: utf-8\n", "# coding: utf-8\n"),
    "mark and cookie with underscore": (b"\xef\xbb\xbf# coding: UTF_8\n", "# coding: UTF_8\n"),
    "latin-1 cookie": (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
    "cookie in the second line": (b"#!python\n# vim: set fileencoding=cp1252 :\n'\x80'", None),
    "cookie behind carriage returns": (b"#!python\r# coding: latin-1\r'\xe9'\r", None),
    "cookie of emacs' line-end kind": (b"# -*- coding: utf-8 -*-\n", None),
    "no cookie in the third line": (b"\n\n# coding: nonsense\n", None),
    "no cookie behind code": (b"x = 1\n# coding: nonsense\n", None),
    "no cookie in a string": (b"'# coding: nonsense'\n", None),
    "line ends are kept": (b"a\r\nb\rc\n", "a\r\nb\rc\n"),
    "form feed": (b"\x0cx = 1\n", "\x0cx = 1\n"),
    "empty": (b"", ""),
}


@pytest.mark.parametrize(("data", "text"), DECODES.values(), ids=DECODES)
def test_what_decodes(data: bytes, text: str | None) -> None:
    found = decode_source(data, "a.py")
    assert found.path == "a.py"
    if text is not None:
        assert found.text == text


PROBLEMS = {
    "latin-1 without a cookie": (b"x = 1\ny = 'a\xe9'\n", "decode-error", 2, 7, "0xe9"),
    "behind other characters": ("é = '".encode() + b"\xff'", "decode-error", 1, 6, "0xff"),
    "cut utf-8": (b"x = '\xc3", "decode-error", 1, 6, "0xc3"),
    "utf-16": ("x = 1".encode("utf-16"), "decode-error", 1, 1, "UTF-16"),
    "utf-16 big-endian": (b"\xfe\xff\0x", "decode-error", 1, 1, "UTF-16"),
    "utf-32": ("x = 1".encode("utf-32"), "decode-error", 1, 1, "UTF-32"),
    "unknown cookie": (b"#!python\n# coding: klingon\n", "decode-error", 2, 1, "'klingon'"),
    "codec that is none of text": (b"# coding: base64\nx\n", "decode-error", 1, 1, "base64"),
    "codec that gives up": (b"# coding: undefined\nx\n", "decode-error", 1, 1, "undefined"),
    "mark against cookie": (b"\xef\xbb\xbf# coding: latin-1\n", "decode-error", 1, 1, "latin-1"),
    "byte outside ascii": (b"# coding: ascii\n'\xe9'\n", "decode-error", 2, 2, "ASCII"),
    "null byte": (b"x = 1\nyy\0\n", "syntax-error", 2, 3, "null"),
}


@pytest.mark.parametrize(("data", "kind", "line", "column", "word"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_does_not_decode(data: bytes, kind: str, line: int, column: int, word: str) -> None:
    with pytest.raises(SourceProblem) as caught:
        decode_source(data, "a.py")
    problem = caught.value
    assert (problem.kind, problem.path, problem.line, problem.column) == (kind, "a.py", line, column)
    assert word in problem.message
    assert str(problem).startswith(f"a.py:{line}:{column}: {kind}: ")


def place_or_start(data: bytes) -> tuple[int, int]:
    """Where the problem is; the first place of a text that has none."""
    try:
        return decode_source(data, "a.py").place(0)
    except SourceProblem as problem:
        return problem.line, problem.column


@given(st.binary(max_size=60), st.sampled_from([b"", b"# coding: ", b"\xef\xbb\xbf", b"\xff\xfe"]))
def test_any_bytes_are_text_or_a_problem(data: bytes, start: bytes) -> None:
    assert min(place_or_start(start + data)) >= 1


def test_a_file_is_read_and_shown_as_given(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_bytes(b"x = 1\r\n")
    assert read_source(file) == SourceText(file.as_posix(), "x = 1\r\n")
    assert read_source(file, "models/net.py").path == "models/net.py"


@pytest.mark.parametrize("name", ["missing.py", "folder.py", "x" * 300 + ".py", "nu\0ll.py"])
def test_what_cannot_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(SourceProblem) as caught:
        read_source(tmp_path / name)
    assert (caught.value.kind, caught.value.line, caught.value.column) == ("read-error", 1, 1)


LINES = {
    "": (),
    "a": ("a",),
    "a\n": ("a",),
    "a\nb": ("a", "b"),
    "a\r\nb\rc\n": ("a", "b", "c"),
    "\n\n": ("", ""),
    "a\fb\vc\x85d\u2028e\n": ("a\fb\vc\x85d\u2028e",),
}


@pytest.mark.parametrize(("text", "lines"), LINES.items())
def test_lines_end_where_python_says(text: str, lines: tuple[str, ...]) -> None:
    assert SourceText("a.py", text).lines == lines


@given(st.text("ab\r\n\fé🧠", max_size=30), st.data())
def test_offsets_and_places_are_inverse(text: str, data: st.DataObject) -> None:
    source = SourceText("a.py", text)
    offset = data.draw(st.integers(0, len(text)))
    line, column = source.place(offset)
    assert source.offset(line, column) == offset
    assert source.line(line)[: column - 1] == text[offset - column + 1 : offset].rstrip("\r\n")


def test_the_columns_of_ast_become_characters() -> None:
    source = SourceText("a.py", "é🧠 = f(1)\n")
    assert source.characters(1, len("é🧠 = ".encode())) == 5
    assert source.span(5, 9) == ("a.py", 1, 6, 1, 10)


def test_lines_outside_the_file_are_empty() -> None:
    source = SourceText("a.py", "x")
    assert (source.line(0), source.line(1), source.line(2)) == ("", "x", "")


def test_the_digest_is_that_of_the_content() -> None:
    assert SourceText("a.py", "é").digest == SourceText("b.py", "é").digest == hashlib.sha256("é".encode()).hexdigest()
    assert SourceText("a.py", "\udc80").digest != SourceText("a.py", "").digest
