"""Bytes to text: decoding as Python decodes, with one clear problem for what cannot be decoded."""

from __future__ import annotations

import codecs
import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cnnlint.graph.span import Span

_NEWLINE = re.compile(r"\r\n|\r|\n")
_BYTE_NEWLINE = re.compile(rb"\r\n|\r|\n")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
# The longer mark first: the UTF-32 little-endian mark begins with the UTF-16 one.
_FOREIGN_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class SourceProblem(Exception):  # it becomes a diagnostic, not a failure of the program
    """A file that cannot be read, decoded or parsed; it becomes one diagnostic.

    ``kind`` is ``"syntax-error"``, ``"decode-error"`` or ``"read-error"``; ``line`` and ``column`` are 1-based, the
    column in characters.
    """

    def __init__(self, kind: str, path: str, line: int, column: int, message: str) -> None:
        super().__init__(kind, path, line, column, message)
        self.kind = kind
        self.path = path
        self.line = line
        self.column = column
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.kind}: {self.message}"


@dataclass(frozen=True)
class SourceText:
    """The text of one file. ``path`` is how users see it: posix, as given."""

    path: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        r"""The physical lines without their ends, split at ``\n``, ``\r\n`` and ``\r`` only, as Python's tokenizer
        does (a form feed ends no line)."""
        lines = _NEWLINE.split(self.text)
        if not lines[-1]:
            lines.pop()
        return tuple(lines)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """The offset of each line's first character, the line after the last line end included."""
        return (0, *(match.end() for match in _NEWLINE.finditer(self.text)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the text, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def line(self, number: int) -> str:
        """The text of a 1-based line, empty behind the end of the file."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def offset(self, line: int, column: int) -> int:
        """The offset of a 1-based line and column."""
        return self.line_starts[line - 1] + column - 1

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets, the end exclusive."""
        return Span(self.path, *self.place(start), *self.place(end))

    def characters(self, line: int, column: int) -> int:
        """How many characters stand before ``column``, which counts UTF-8 bytes from 0 as :mod:`ast` does."""
        text = self.line(line)
        if text.isascii():
            return column
        return len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))


def read_source(path: Path | str, display: str | None = None) -> SourceText:
    """The text of a file, shown to users as ``display``. Raises :class:`SourceProblem`."""
    path = Path(path)
    shown = display if display is not None else path.as_posix()
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceProblem("read-error", shown, 1, 1, f"cannot read the file: {reason}") from None
    return decode_source(data, shown)


def decode_source(data: bytes, display: str) -> SourceText:
    """The text that Python would read from these bytes (byte-order mark, PEP 263 cookie, UTF-8 else), line ends kept.

    Raises :class:`SourceProblem` with the place of the first byte that is wrong.
    """
    for mark, name in _FOREIGN_MARKS:
        if data.startswith(mark):
            message = f"the file begins with a {name} byte-order mark; Python source must be UTF-8 or name its encoding"
            raise SourceProblem("decode-error", display, 1, 1, message)
    text = _decode(data, display)
    if (null := text.find("\0")) >= 0:
        line, column = SourceText(display, text).place(null)
        raise SourceProblem("syntax-error", display, line, column, "source code cannot contain null bytes")
    return SourceText(display, text)


def _decode(data: bytes, display: str) -> str:
    marked = data.startswith(codecs.BOM_UTF8)
    if marked:
        data = data[len(codecs.BOM_UTF8) :]
    name, line = _cookie(data)
    encoding = _codec(name, line, display)
    if marked and encoding != "utf-8":
        message = f"the file begins with a UTF-8 byte-order mark, but its coding comment says {name}"
        raise SourceProblem("decode-error", display, line, 1, message)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(data, error, display, encoding) from None
    except (UnicodeError, LookupError) as error:
        raise SourceProblem("decode-error", display, line, 1, f"cannot decode the file as {name}: {error}") from None


def _cookie(data: bytes) -> tuple[str, int]:
    """The encoding that a comment in the first two lines names (UTF-8 if none does), and the comment's line."""
    for number, line in enumerate(_BYTE_NEWLINE.split(data[:4096], 2)[:2], 1):
        if match := _COOKIE.match(line):
            return match[1].decode("ascii"), number
        if not _BLANK.match(line):
            break
    return "utf-8", 1


def _codec(name: str, line: int, display: str) -> str:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        raise SourceProblem("decode-error", display, line, 1, f"unknown encoding {name!r}") from None
    return "utf-8" if found == "utf-8-sig" else found


def _undecodable(data: bytes, error: UnicodeDecodeError, display: str, encoding: str) -> SourceProblem:
    before = _BYTE_NEWLINE.split(data[: error.start])
    column = len(before[-1].decode(encoding, "replace")) + 1
    hint = "" if _cookie(data)[0] != "utf-8" else ", and no coding comment names another encoding"
    message = f"byte 0x{data[error.start]:02x} is not valid {encoding.upper()}{hint}"
    return SourceProblem("decode-error", display, len(before), column, message)
