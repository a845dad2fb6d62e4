"""A rule's documentation, taken from its docstring and examples."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import dataclass, fields
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


def markdown(rule: type[Rule]) -> str:
    """The rule's page."""
    doc = RuleDoc.of(rule)
    facts = f"Category: {rule.category}. Severity: {rule.severity}."
    if rule.opt_in:
        targets = " or ".join(f'`target = "{target}"`' for target in sorted(rule.targets))
        facts += " Off unless selected by code or name" + (f", or by {targets}." if targets else ".")
    parts = [f"# {rule.code} {rule.name}", doc.summary, facts]
    parts += [f"## {heading}\n\n{_fence(body)}" for heading, body in doc.sections.items()]
    if known := options(rule):
        lines = "".join(f"- `{name}` (default `{json.dumps(value)}`)\n" for name, value in known.items())
        parts.append(f"## Options\n\nUnder `[tool.cnnlint.rules.{rule.name}]`:\n\n{lines}".rstrip())
    return "\n\n".join(part for part in parts if part) + "\n"


def options(rule: type[Rule]) -> dict[str, Any]:
    """The rule's settings and their defaults, by the name that the configuration uses."""
    defaults = rule.Options()
    return {f.name.replace("_", "-"): plain(getattr(defaults, f.name)) for f in fields(rule.Options)}


def _fence(body: str) -> str:
    """``body`` with its indented code blocks fenced, so that they are shown as Python everywhere."""
    blocks: list[str] = []
    for paragraph in re.split(r"\n\n(?=\S)|\n\n(?=    )", body):
        if all(line.startswith("    ") or not line.strip() for line in paragraph.split("\n")) and paragraph.strip():
            blocks.append("```python\n" + inspect.cleandoc("\n" + paragraph) + "\n```")
        else:
            blocks.append(paragraph)
    return "\n\n".join(blocks).replace("\n```\n\n```python\n", "\n\n")
