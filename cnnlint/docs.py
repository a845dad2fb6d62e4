"""A rule's documentation, taken from its docstring and examples."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby, pairwise
from typing import Any

from cnnlint.findings import plain
from cnnlint.rule import Rule

HEADINGS = ("What it does", "Why it matters", "Example", "Use instead", "When not to worry", "References")
"""The headings of a rule's docstring, each on a line of its own."""

_HEADING = re.compile(rf"^(?:#+ +)?({'|'.join(HEADINGS)})[.:]?$(?:\n[-=~^]+$)?", re.MULTILINE)


@dataclass(frozen=True)
class RuleDoc:
    """``summary`` is the first paragraph, ``sections`` the text under each heading, in order."""

    summary: str
    sections: dict[str, str]

    @classmethod
    def of(cls, rule: type[Rule]) -> RuleDoc:
        text = inspect.cleandoc(rule.__doc__ or "") if rule.__doc__ != Rule.__doc__ else ""
        first, *rest = _HEADING.split(text)
        summary = " ".join(first.split("\n\n")[0].split())
        return cls(summary, {heading: body.strip("\n") for heading, body in zip(rest[::2], rest[1::2], strict=True)})


def markdown(rule: type[Rule], facts: Sequence[str] = (), examples: Sequence[str] = ()) -> str:
    """The rule's documentation: summary, facts, sections, options. ``facts`` and ``examples`` are what running the
    rule's examples adds (see :mod:`cnnlint.pages`)."""
    doc = RuleDoc.of(rule)
    parts = [f"# {rule.code} {rule.name}", doc.summary, "\n".join(f"- {fact}" for fact in (*_facts(rule), *facts))]
    parts += [f"## {heading}\n\n{_fence(body)}" for heading, body in doc.sections.items()]
    return "\n\n".join(part for part in (*parts, _options(rule), *examples) if part) + "\n"


def _facts(rule: type[Rule]) -> Iterator[str]:
    yield f"Category: {rule.category}"
    yield f"Severity: {rule.severity}"
    if rule.opt_in:
        targets = " or ".join(f'`target = "{target}"`' for target in sorted(rule.targets))
        yield "Off unless selected by code or name" + (f", or by {targets}" if targets else "")


def _options(rule: type[Rule]) -> str:
    known, texts = options(rule), _option_texts(rule)
    lines = [f"- `{name}` (default `{json.dumps(value)}`): {texts.get(name, '')}" for name, value in known.items()]
    if not lines:
        return ""
    return f"## Options\n\nUnder `[tool.cnnlint.rules.{rule.name}]`:\n\n" + "\n".join(
        line.removesuffix(": ") for line in lines
    )


def _option_texts(rule: type[Rule]) -> dict[str, str]:
    """What each setting means: the string below it, or after its name in the docstring of ``Options``."""
    if not fields(rule.Options):
        return {}
    (body,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(rule.Options))).body
    assert isinstance(body, ast.ClassDef)
    texts = dict(re.findall(r"``(\w+)``: (.+?)(?=; ``|\.?$)", " ".join((ast.get_docstring(body) or "").split())))
    for field, text in pairwise(body.body):
        match field, text:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                texts[name] = " ".join(words.split())
    return {name.replace("_", "-"): text[:1].lower() + text[1:].rstrip(".") for name, text in texts.items()}


def options(rule: type[Rule]) -> dict[str, Any]:
    """The rule's settings and their defaults, by the name that the configuration uses."""
    defaults = rule.Options()
    return {f.name.replace("_", "-"): plain(getattr(defaults, f.name)) for f in fields(rule.Options)}


def code_blocks(body: str) -> list[str]:
    """The indented code blocks of a section, without their indentation."""
    return [text for text, is_code in _blocks(body) if is_code]


def _fence(body: str) -> str:
    """``body`` with its code blocks fenced, so that they are shown as Python everywhere."""
    return "\n\n".join(f"```python\n{text}\n```" if is_code else text for text, is_code in _blocks(body))


def _blocks(body: str) -> Iterator[tuple[str, bool]]:
    """The text and code of a section in turn, and which is code: neighbouring indented paragraphs are one block."""
    paragraphs = [part for part in re.split(r"\n\n(?=\S)|\n\n(?=    )", body) if part.strip()]
    for is_code, parts in groupby(paragraphs, _is_code):
        text = "\n\n".join(parts)
        yield inspect.cleandoc("\n" + text) if is_code else text, is_code


def _is_code(paragraph: str) -> bool:
    return all(line.startswith("    ") or not line.strip() for line in paragraph.split("\n"))
