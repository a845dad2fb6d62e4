"""Random mutations of the fixture files. A seed always gives the same mutant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]


def _lines(text: bytes) -> list[bytes]:
    return text.splitlines(keepends=True) or [b""]


def delete_lines(text: bytes, rng: Random) -> bytes:
    lines = _lines(text)
    start = rng.randrange(len(lines))
    del lines[start : start + rng.randint(1, 5)]
    return b"".join(lines)


def double_lines(text: bytes, rng: Random) -> bytes:
    lines = _lines(text)
    start = rng.randrange(len(lines))
    some = lines[start : start + rng.randint(1, 8)]
    at = rng.randrange(len(lines) + 1)
    return b"".join(lines[:at] + some * rng.choice([1, 1, 2, 50]) + lines[at:])


def swap_lines(text: bytes, rng: Random) -> bytes:
    lines = _lines(text)
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def indent_line(text: bytes, rng: Random) -> bytes:
    lines = _lines(text)
    at = rng.randrange(len(lines))
    lines[at] = (
        rng.choice([b"    ", b"\t", b" ", b"        "]) + lines[at] if rng.random() < 0.5 else lines[at].lstrip(b" ")
    )
    return b"".join(lines)


_TOKEN = re.compile(rb"\w+|[^\w\s]")


def _tokens(text: bytes) -> list[re.Match[bytes]]:
    return list(_TOKEN.finditer(text))


def swap_tokens(text: bytes, rng: Random) -> bytes:
    tokens = _tokens(text)
    if len(tokens) < 2:
        return text
    a, b = sorted(rng.sample(tokens, 2), key=lambda token: token.start())
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def swap_names(text: bytes, rng: Random) -> bytes:
    """Two identifiers change places: the file stays valid and means something else."""
    names = list(re.finditer(rb"[A-Za-z_]\w*", text))
    if len(names) < 2:
        return text
    a, b = sorted(rng.sample(names, 2), key=lambda token: token.start())
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def replace_token(text: bytes, rng: Random) -> bytes:
    tokens = _tokens(text)
    if not tokens:
        return text
    old, new = rng.choice(tokens), rng.choice(tokens)[0]
    return text[: old.start()] + rng.choice([new, b"", b"self", b"None", b"*", b"lambda: 0"]) + text[old.end() :]


_NUMBERS = [
    b"0",
    b"-1",
    b"1",
    b"10**9",
    b"99999999999",
    b"1e308",
    b"0.5",
    b"2**70",
    b"float('nan')",
    b"'3'",
    b"None",
    b"[]",
    b"10**10**10",
]


def change_number(text: bytes, rng: Random) -> bytes:
    numbers = list(re.finditer(rb"\b\d+(\.\d+)?\b", text))
    if not numbers:
        return text
    old = rng.choice(numbers)
    return text[: old.start()] + rng.choice(_NUMBERS) + text[old.end() :]


def cut(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    return text[:at] if rng.random() < 0.7 else text[at:]


def cut_middle(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.randint(1, 400) :]


_JUNK = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x0c",
    b"\r",
    b"\r\n",
    b"\t",
    b"\\",
    b"\\\n",
    b"'''",
    b'"""',
    b"(",
    b")",
    b"[" * 400,
    b"(" * 3000,
    b"-" * 3000,
    b"not " * 2000,
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"# -*- coding: latin-1 -*-\n",
    b"# coding: nonsense\n",
    b"# cnnlint: ignore[",
    b"# cnnlint: input=3x0x-1\n",
    b"# cnnlint: disable[ALL]\n",
    b"\nwhile True: pass\n",
    b"\nfor _ in range(10**12): pass\n",
    b"\nx = [0] * 10**10\n",
    b"\nx = 'a' * 10**11\n",
    b"\ndef f(): return f()\nf()\n",
    b"\nimport os; os._exit(1)\n",
    b"\nfrom . import *\n",
    b"\nfrom .. import x\n",
    b"\nclass A(A): pass\n",
    b"\nx = x\n",
    b"\ndel nn\n",
    b"\nnn = None\n",
    b"\ntorch = 3\n",
    b" if 1 else ",
    b" := 3",
    b" await ",
    b"\n@",
    b"\nasync def g(): yield\n",
    b"f'{",
    b"**kwargs, ",
    b"*, ",
    b": int = ",
    b"\x1a",
    b"1" * 5000,
    b"\nself.body = nn.Sequential(*[nn.Conv2d(3, 3, 3) for _ in range(10**9)])\n",
    b"\nx = 9**9**9**9\n",
    b"\nx = 1 << 10**11\n",
]


def insert_junk(text: bytes, rng: Random) -> bytes:
    at = rng.randrange(len(text) + 1)
    junk = rng.choice(_JUNK) if rng.random() < 0.8 else rng.randbytes(rng.randint(1, 40))
    if junk.startswith(b"\n"):
        # a statement goes on a line of its own, with that line's indentation
        line = text.rfind(b"\n", 0, at) + 1
        indent = re.match(rb"[ \t]*", text[line:])
        assert indent is not None
        shifted = junk[1:].replace(b"\n", b"\n" + indent[0]).removesuffix(indent[0])
        return text[:line] + indent[0] + shifted + text[line:]
    return text[:at] + junk + text[at:]


def graft(text: bytes, rng: Random) -> bytes:
    """The end of another fixture file behind the beginning of this one."""
    other = rng.choice(fixtures())[1]
    return text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]


def nest(text: bytes, rng: Random) -> bytes:
    """An expression inside hundreds of brackets, calls or operators."""
    tokens = [token for token in _tokens(text) if token[0].isalnum()]
    if not tokens:
        return text
    token, depth = rng.choice(tokens), rng.choice([50, 300, 1500])
    left, right = rng.choice(
        [(b"(", b")"), (b"[", b"]"), (b"abs(", b")"), (b"lambda: ", b""), (b"-", b""), (b"", b" + 1")]
    )
    return text[: token.start()] + left * depth + token[0] + right * depth + text[token.end() :]


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    delete_lines,
    double_lines,
    swap_lines,
    indent_line,
    swap_tokens,
    swap_names,
    swap_names,
    replace_token,
    replace_token,
    change_number,
    change_number,
    cut,
    cut_middle,
    insert_junk,
    insert_junk,
    graft,
    nest,
)


@cache
def fixtures() -> tuple[tuple[str, bytes], ...]:
    """Name and content of the files that are mutated."""
    files = sorted((ROOT / "fixtures").rglob("*.py"))
    return tuple((file.relative_to(ROOT).as_posix(), file.read_bytes()) for file in files)


@dataclass(frozen=True)
class Mutant:
    seed: str
    origin: str
    steps: tuple[str, ...]
    text: bytes


def mutate(seed: str) -> Mutant:
    """The mutant of a seed."""
    rng = Random(seed)
    origin, text = rng.choice(fixtures())
    steps = rng.choices(MUTATIONS, k=rng.choice([1, 1, 2, 3]))
    for step in steps:
        text = step(text, rng)
    return Mutant(seed, origin, tuple(step.__name__ for step in steps), text)
