"""The outcomes of all files as one report: joined, filtered, suppressed, with fixes as edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from pathspec import GitIgnoreSpec

from cnnlint.findings import Diagnostic, Finding, Report
from cnnlint.fix.intents import text_fix
from cnnlint.graph.span import Span
from cnnlint.lint.gather import Raw
from cnnlint.lint.join import join
from cnnlint.lint.session import Context, Outcome, Session
from cnnlint.lint.silence import silence
from cnnlint.rule import Proof, Rule
from cnnlint.source.index import FileIndex
from cnnlint.source.text import SourceProblem, SourceText, read_source


@dataclass
class _Parts:
    """The report while it is put together."""

    findings: list[Finding] = field(default_factory=list)
    suppressed: list[Finding] = field(default_factory=list)
    texts: dict[str, SourceText] = field(default_factory=dict)
    built: Counter[Span] = field(default_factory=Counter)
    rules: dict[str, type[Rule]] = field(default_factory=dict)
    problems: dict[Diagnostic, None] = field(default_factory=dict)


def assemble(
    outcomes: Sequence[Outcome], files: Mapping[str, Path], session: Session, problems: Sequence[Diagnostic] = ()
) -> Report:
    """The report of a run over ``files``, which are given by the paths that users see.

    A finding belongs to the file it points into, whichever file's network drew it; one that points into a file that
    is not linted is left out."""
    outcomes = sorted(outcomes, key=lambda outcome: outcome.path)
    raws: dict[str, list[Raw]] = {}
    for outcome in outcomes:
        for raw in outcome.raws:
            if raw.finding.span.path in files:
                raws.setdefault(raw.finding.span.path, []).append(raw)
    parts = _Parts(problems=dict.fromkeys(problems))
    for outcome in outcomes:
        parts.built.update(outcome.built)
    for outcome in outcomes:
        context = session.context(files[outcome.path])
        parts.rules |= {code: context.rules.selectors.rules[code] for code in context.rules.codes}
        parts.problems |= dict.fromkeys((*context.rules.problems, *outcome.diagnostics))
        found = raws.get(outcome.path, [])
        if found or outcome.diagnostics or outcome.has_comments:
            _add_file(parts, outcome.path, files[outcome.path], found, context)
    return Report(
        findings=tuple(sorted((f for f in parts.findings if f.proof is not Proof.REFUTED), key=_order)),
        refuted=tuple(sorted((f for f in parts.findings if f.proof is Proof.REFUTED), key=_order)),
        diagnostics=tuple(sorted(_once(parts.problems), key=lambda d: (d.path, d.line, d.column, d.kind, d.message))),
        suppressed=tuple(parts.suppressed),
        checked=len(files),
        with_models=sum(outcome.has_models for outcome in outcomes),
        texts=parts.texts,
        unknown=tuple(dict.fromkeys(line for outcome in outcomes for line in outcome.unknown)),
        rules=dict(sorted(parts.rules.items())),
    )


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.path, finding.line, finding.column, finding.code


def _once(problems: Mapping[Diagnostic, None]) -> list[Diagnostic]:
    """Each rule that raises is told once, however many networks it raised on."""
    seen: set[str] = set()
    kept: list[Diagnostic] = []
    for problem in problems:
        rule = problem.message.split(" raised ")[0] if problem.kind == "rule-error" else ""
        if not rule or rule not in seen:
            kept.append(problem)
        seen.add(rule)
    return kept


def _add_file(parts: _Parts, name: str, path: Path, raws: Sequence[Raw], context: Context) -> None:
    rules = context.rules
    try:
        index = context.project.load(path)
    except SourceProblem as problem:
        # The reader reported it; reports show its line, if it could be decoded at all.
        with suppress(SourceProblem):
            parts.texts[problem.path] = context.texts.get(path) or read_source(path, problem.path)
        return
    ignored = ignored_codes(path, context)
    joined = [f for f in join(raws, rules.severities, parts.built) if f.code in rules.codes and f.code not in ignored]
    kept, suppressed = silence(joined, index, rules, ignored)
    if kept or suppressed:
        parts.texts[name] = index.text
        parts.findings += [_with_edits(finding, index) for finding in kept]
        parts.suppressed += suppressed


def _with_edits(finding: Finding, index: FileIndex) -> Finding:
    return replace(finding, text_fix=text_fix(finding.fix, index)) if finding.fix else finding


def ignored_codes(path: Path, context: Context) -> frozenset[str]:
    """The codes that ``per-file-ignores`` switches off in a file."""
    folder = context.resolved.folder
    absolute = path.absolute()
    if not absolute.is_relative_to(folder):
        return frozenset()
    relative = absolute.relative_to(folder).as_posix()
    origin = context.resolved.origin("per-file-ignores")
    return frozenset().union(
        *(
            context.rules.selectors.codes(selectors, origin)
            for glob, selectors in context.resolved.settings.per_file_ignores.items()
            if GitIgnoreSpec.from_lines([glob]).match_file(relative)
        )
    )
