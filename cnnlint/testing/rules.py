"""A whole rule: documentation and examples."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.docs import HEADINGS, RuleDoc
from cnnlint.rule import Example, Rule
from cnnlint.source.text import SourceProblem
from cnnlint.testing.examples import Run, fix_problem, run

MIN_EXAMPLES = 2
"""How many bad and how many good examples a rule needs at least."""


def problems_of(rule: type[Rule]) -> list[str]:
    """All that is wrong with a rule, in words; empty if it passes."""
    return [*_documentation(rule), *_numbers(rule), *_examples(rule)]


def _documentation(rule: type[Rule]) -> Iterator[str]:
    doc = RuleDoc.of(rule)
    if not doc.summary:
        yield "its docstring has no summary line"
    for heading in HEADINGS:
        if not doc.sections.get(heading, "").strip():
            yield f"its docstring says nothing under {heading!r}"


def _numbers(rule: type[Rule]) -> Iterator[str]:
    for kind, examples in (("bad", rule.bad), ("good", rule.good)):
        if len(examples) < MIN_EXAMPLES:
            yield f"it has {len(examples)} {kind} examples and needs at least {MIN_EXAMPLES}"
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for number, example in enumerate((*rule.bad, *rule.good), 1):
        key = (example.source, example.inputs)
        if key in seen:
            yield f"example {number} stands there twice"
        seen.add(key)


def _examples(rule: type[Rule]) -> Iterator[str]:
    for kind, examples in (("bad", rule.bad), ("good", rule.good)):
        for number, example in enumerate(examples, 1):
            name = f"{kind} example {number}" + (f" ({example.why})" if example.why else "")
            yield from (f"{name}: {problem}" for problem in _example(rule, example, bad=kind == "bad"))


def _example(rule: type[Rule], example: Example, *, bad: bool) -> Iterator[str]:
    if bad and not example.expect:
        yield "expects no finding"
    if not bad and example.expect:
        yield "expects findings"
    try:
        result = run(rule(), example)
    except SourceProblem as problem:
        yield f"is not Python: {problem.message} in line {problem.line}"
        return
    yield from (diagnostic.message for diagnostic in result.failed)
    if not result.has_models:
        yield "holds no model, so the rule is not tested by it"
    yield from _differences(example, result)
    for finding in result.findings:
        if fault := fix_problem(rule(), example, result, finding):
            yield f"line {finding.line - result.shift}: {fault}"


def _differences(example: Example, result: Run) -> Iterator[str]:
    expected, found = list(example.expect), list(result.found)
    for line, message in found:
        if (line, message) in expected:
            expected.remove((line, message))
        else:
            yield f"line {line}: not expected: {message}"
    for line, message in expected:
        yield f"line {line}: expected and not found: {message}"
