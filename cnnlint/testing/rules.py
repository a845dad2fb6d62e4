"""A whole rule: documentation, numbers and examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnnlint.docs import HEADINGS, RuleDoc, code_blocks
from cnnlint.rule import Example, Rule
from cnnlint.source.text import SourceProblem
from cnnlint.testing.examples import Run, fix_problem, run, syntax_problem
from cnnlint.testing.numbers import number_problems

if TYPE_CHECKING:
    from cnnlint.trace import Tracer

MIN_EXAMPLES = 2
"""How many bad and how many good examples a rule needs at least."""

_SOURCE = re.compile(r"https?://|\barXiv\b|\bdoi\b|\btorch\.\w|\w#\d", re.IGNORECASE)


def problems_of(rule: type[Rule], tracer: Tracer | None = None) -> list[str]:
    """All that is wrong with a rule, in words; empty if it passes. With a ``tracer`` torch is asked too: the examples
    of a rule whose findings say that torch raises (:attr:`~cnnlint.rule.Rule.raises`) are run there."""
    runs = [(name, example, _attempt(rule, example)) for name, example in _examples(rule)]
    findings = [finding for _, _, result in runs if isinstance(result, Run) for finding in result.findings]
    problems = [*_documentation(rule), *number_problems(rule, findings), *_counts(rule)]
    for name, example, result in runs:
        found = [*_expectation(name, example), *_outcome(rule, example, result)]
        if tracer is not None and isinstance(result, Run):
            from cnnlint.testing.torch import torch_problem

            found += [problem for problem in [torch_problem(rule, example, result, tracer)] if problem]
        problems += [f"{name}: {problem}" for problem in found]
    return problems


def _documentation(rule: type[Rule]) -> Iterator[str]:
    doc = RuleDoc.of(rule)
    if not doc.summary:
        yield "its docstring has no summary line"
    for heading in HEADINGS:
        if not doc.sections.get(heading, "").strip():
            yield f"its docstring says nothing under {heading!r}"
    if "References" in doc.sections and not _SOURCE.search(doc.sections["References"]):
        yield "its references name no source: an address, an arXiv number, an issue (pytorch#666) or a name in torch"
    for heading in ("Example", "Use instead"):
        for code in code_blocks(doc.sections.get(heading, "")):
            if problem := syntax_problem(code):
                yield f"the code under {heading!r} is not Python: {problem}"


def _counts(rule: type[Rule]) -> Iterator[str]:
    for kind, examples in (("bad", rule.bad), ("good", rule.good)):
        if len(examples) < MIN_EXAMPLES:
            yield f"it has {len(examples)} {kind} examples and needs at least {MIN_EXAMPLES}"
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for name, example in _examples(rule):
        key = (example.source, example.inputs)
        if key in seen:
            yield f"{name} stands there twice"
        seen.add(key)


def _examples(rule: type[Rule]) -> Iterator[tuple[str, Example]]:
    """The examples with what to call them: ``bad example 2 (a loop)``."""
    for kind, examples in (("bad", rule.bad), ("good", rule.good)):
        for number, example in enumerate(examples, 1):
            yield f"{kind} example {number}" + (f" ({example.why})" if example.why else ""), example


def _expectation(name: str, example: Example) -> Iterator[str]:
    if name.startswith("bad") and not example.expect:
        yield "expects no finding"
    if name.startswith("good") and example.expect:
        yield "expects findings"


def _attempt(rule: type[Rule], example: Example) -> Run | SourceProblem:
    try:
        return run(rule(), example)
    except SourceProblem as problem:
        return problem


def _outcome(rule: type[Rule], example: Example, result: Run | SourceProblem) -> Iterator[str]:
    if isinstance(result, SourceProblem):
        yield f"is not Python: {result.message} in line {result.line}"
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
