"""The page of a rule and the index of all: documentation as ``explain`` shows it and as ``docs/rules`` keeps it.

What a rule can fix, what its messages say and how severe they are is not written down anywhere: the rule's bad examples
are run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from cnnlint.docs import RuleDoc, markdown
from cnnlint.findings import Finding
from cnnlint.rule import Applicability, Example, Rule, Severity
from cnnlint.source.text import SourceProblem
from cnnlint.testing.examples import run

INDEX = "README.md"

_FILE = re.compile(r"[A-Z]{1,6}[0-9]{3,4}\.md")
_BY = {
    Applicability.SAFE: "safe (`--fix`)",
    Applicability.UNSAFE: "unsafe (`--fix --unsafe-fixes`)",
    Applicability.DISPLAY: "shown only",
}
_TABLE = "| Code | Name | Severity | Fix | What it finds |\n| --- | --- | --- | --- | --- |\n"

Said = tuple[tuple[int, Finding], ...]
"""What a rule says about an example, with the lines in it."""


@dataclass(frozen=True)
class RulePage:
    """A rule and what it says about each of its bad examples."""

    rule: type[Rule]
    reported: tuple[tuple[Example, Said], ...]

    @classmethod
    def of(cls, rule: type[Rule]) -> RulePage:
        """Runs the bad examples; an example that is not Python is shown without findings."""
        return cls(rule, tuple((example, _said(rule, example)) for example in rule.bad))

    @property
    def findings(self) -> list[Finding]:
        return [finding for _, said in self.reported for _, finding in said]

    @property
    def fixes(self) -> list[Applicability]:
        """The kinds of fix that the findings have, the safest first."""
        offered = {finding.fix.applicability for finding in self.findings if finding.fix is not None}
        return [applicability for applicability in Applicability if applicability in offered]

    def text(self) -> str:
        """The page in Markdown."""
        facts = [f"Fix: {self._fix()}"] if self.reported else []
        found = {finding.severity for finding in self.findings}
        if others := [severity for severity in Severity if severity in found - {self.rule.severity}]:
            facts.append(f"In some cases of severity {' or '.join(others)}")
        reported = [_shown(example) + _messages(said) for example, said in self.reported]
        passed = list(map(_shown, self.rule.good))
        examples = [
            *(["## Reported"] if reported else []),
            *reported,
            *(["## Not reported"] if passed else []),
            *passed,
        ]
        return markdown(self.rule, facts, examples)

    def row(self) -> str:
        """The rule's line in the index."""
        rule = self.rule
        summary = RuleDoc.of(rule).summary.replace("|", "\\|") + (" (opt-in)" if rule.opt_in else "")
        fix = " or ".join(self.fixes) or ("none" if self.reported else "")
        return f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} | {fix} | {summary} |\n"

    def _fix(self) -> str:
        kinds = " or ".join(_BY[applicability] for applicability in self.fixes)
        always = all(finding.fix is not None for finding in self.findings)
        return kinds + ("" if always else ", in some cases") if kinds else "none"


def pages(rules: Iterable[type[Rule]]) -> dict[str, str]:
    """The texts of the index and of each rule's page by file name."""
    found = list(map(RulePage.of, rules))
    return {INDEX: _index(found)} | {f"{page.rule.code}.md": page.text() for page in found}


def write(folder: Path, rules: Iterable[type[Rule]]) -> int:
    """Writes the pages into ``folder``, takes away those of rules that are gone, and returns how many there are."""
    texts = pages(rules)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    for file in list(folder.iterdir()):
        if _FILE.fullmatch(file.name) and file.name not in texts:
            file.unlink()
    return len(texts)


def _index(found: Iterable[RulePage]) -> str:
    return "# Rules\n" + "".join(
        f"\n## {_capital(category.replace('-', ' '))}\n\n{_TABLE}{''.join(page.row() for page in family)}"
        for category, family in groupby(found, lambda page: page.rule.category)
    )


def _said(rule: type[Rule], example: Example) -> Said:
    try:
        result = run(rule(), example)
    except SourceProblem:
        return ()
    return tuple((finding.line - result.shift, finding) for finding in result.findings)


def _messages(said: Said) -> str:
    return "".join(
        f"\n\n> Line {line}, {finding.severity}: {finding.message}"
        + (f"\\\n> Help: {finding.help}" if finding.help else "")
        for line, finding in said
    )


def _shown(example: Example) -> str:
    given = " and ".join(f"`{shape}`" for shape in example.inputs)
    title = _capital(example.why or "example") + (f" (input {given})" if given else "")
    return f"{title}:\n\n```python\n{example.source.strip()}\n```"


def _capital(text: str) -> str:
    """With a capital, where the first word is one of English."""
    return text[:1].upper() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
