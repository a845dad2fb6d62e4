"""Findings against the comments of their file: which are silenced, and which comments silence nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnnlint.findings import Finding
from cnnlint.graph.span import Span
from cnnlint.lint.join import with_fingerprints
from cnnlint.nearest import did_you_mean
from cnnlint.rule import Applicability, Fix, ReplaceSpan, Severity
from cnnlint.ruleset import RuleSet
from cnnlint.source.index import FileIndex
from cnnlint.source.suppress import Notice, Suppressions, suppressions
from cnnlint.suppress import UnusedSuppression


def silence(
    findings: Iterable[Finding], index: FileIndex, rules: RuleSet, ignored: frozenset[str]
) -> tuple[list[Finding], list[Finding]]:
    """The findings of a file that are to be shown, with those about its comments, and those that comments silence.

    ``ignored`` holds the codes that are switched off in this file."""
    comments = suppressions(index.text)
    kept: list[Finding] = []
    silenced: list[Finding] = []
    for finding in findings:
        words = (finding.code, finding.name)
        hit = comments.matches(words, finding.span.line, finding.span.end_line)
        (silenced if hit else kept).append(finding)
    if UnusedSuppression.code in rules.codes - ignored:
        kept += with_fingerprints(list(_about_comments(comments, rules, ignored)))
    return kept, silenced


def _about_comments(comments: Suppressions, rules: RuleSet, ignored: frozenset[str]) -> Iterator[Finding]:
    own = UnusedSuppression.code
    active = _words(rules, rules.codes - ignored - {own})
    known = [*_words(rules, rules.selectors.rules), *{str(rule.category) for rule in rules.selectors.rules.values()}]
    for problem in comments.problems:
        yield _finding(rules, problem.span, problem.message, "", Severity.WARNING)
    for notice in comments.unknown(known):
        name = notice.selectors[0]
        message = f"no rule is called {name!r}: the comment silences nothing{did_you_mean(name, known)}"
        yield _finding(rules, notice.span, message, name, Severity.WARNING, _fix(notice))
    for notice in comments.unused(active):
        names = ", ".join(notice.selectors)
        # Only a comment that names this rule may silence it; a bare one would silence the finding about itself.
        if not _is_silenced(notice, comments):
            found = f"{names} is not found here" if names else "no rule speaks here"
            message = f"{found}: the comment silences nothing"
            yield _finding(rules, notice.span, message, names, UnusedSuppression.severity, _fix(notice))


def _words(rules: RuleSet, codes: Iterable[str]) -> list[str]:
    return [word for code in sorted(codes) for word in (code, rules.selectors.rules[code].name)]


def _is_silenced(notice: Notice, comments: Suppressions) -> bool:
    words = (UnusedSuppression.code, UnusedSuppression.name)
    return any(
        comment.kind != "enable"
        and comment.covers(notice.span.line, notice.span.end_line)
        and any(selector.fits(words) for selector in comment.selectors)
        for comment in comments.comments
    )


def _fix(notice: Notice) -> Fix:
    return Fix((ReplaceSpan(notice.edit, notice.text),), Applicability.SAFE)


def _finding(
    rules: RuleSet, span: Span, message: str, scope: str, severity: Severity, fix: Fix | None = None
) -> Finding:
    rule = UnusedSuppression
    severity = rules.severities.get(rule.code, severity)
    help_text = "remove the comment, or name a rule that speaks here" if fix else ""
    return Finding(
        rule.code, rule.name, rule.category, severity, message, span, help=help_text, fix=fix, scope=scope
    )  # fmt: skip
