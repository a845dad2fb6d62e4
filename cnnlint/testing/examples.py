"""One example of a rule, run."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from cnnlint.findings import Diagnostic, Finding
from cnnlint.fix.apply import edited
from cnnlint.fix.intents import text_fix
from cnnlint.graph.shapes import parse_shape
from cnnlint.lint.gather import constructions, gather, gather_scripts, reads_scripts
from cnnlint.lint.join import join
from cnnlint.rule import Example, Rule
from cnnlint.source.imports import Project, site_packages
from cnnlint.source.index import FileIndex
from cnnlint.source.paths import absolute, shown
from cnnlint.source.text import SourceProblem, SourceText
from cnnlint.static.reader import Reader, ReadOptions

PRELUDE = "import torch\nfrom torch import nn\n"
"""What is put in front of an example that imports nothing itself."""

_IMPORT = re.compile(r"^\s*(?:import|from)\s", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What a rule found in an example; ``shift`` lines stand in front of the example's own, ``models`` are the classes
    of the networks in it."""

    index: FileIndex
    findings: tuple[Finding, ...]
    has_models: bool
    shift: int
    failed: tuple[Diagnostic, ...] = ()
    models: tuple[str, ...] = ()

    @property
    def found(self) -> tuple[tuple[int, str], ...]:
        """Line and message of each finding, lines counted as in the example."""
        return tuple((finding.line - self.shift, finding.message) for finding in self.findings)


def source_of(example: Example) -> str:
    """The example as a file."""
    return example.source if _IMPORT.search(example.source) else PRELUDE + example.source


def run(rule: Rule, example: Example, source: str | None = None) -> Run:
    """Runs ``rule`` on ``example``, or on ``source`` in its place.

    Raises :class:`~cnnlint.source.text.SourceProblem` if that is not Python."""
    # In a folder of its own, which need not exist: other files there could tell an input size.
    path = absolute(Path("example", "example.py"))
    text = SourceText(shown(path), source_of(example) if source is None else source)
    project = Project([path.parent], site_packages(Path(sys.prefix)))
    project.add(text, path)
    options = ReadOptions(inputs=tuple(map(parse_shape, example.inputs)), symbolic_batch=True)
    index = project.load(path)
    reading = Reader(project, options=options).read_file(path, scripts=reads_scripts([rule]))
    raws, failed = gather(reading.graphs, [rule], text.path)
    scripted, broken = gather_scripts(reading.scripts, [rule], text.path)
    raws, failed = [*raws, *scripted], [*failed, *broken]
    own = [raw for raw in raws if raw.finding.span.path == text.path]
    shift = text.text.count("\n") - example.source.count("\n") if source is None else 0
    findings = tuple(join(own, built=constructions(reading.graphs)))
    has_models = reading.has_models or bool(reading.scripts)
    models = tuple(graph.name for graph in reading.graphs)
    return Run(index, findings, has_models, shift, tuple(failed), models)


def syntax_problem(code: str) -> str | None:
    """Why ``code`` is not Python."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        return f"{error.msg} in line {error.lineno}"
    return None


def fix_problem(rule: Rule, example: Example, before: Run, finding: Finding) -> str | None:
    """What is wrong with the finding's fix."""
    if finding.fix is None:
        return None
    fix = text_fix(finding.fix, before.index)
    if fix is None:
        return "its fix cannot be carried out on this code"
    new = edited(before.index.text, fix.edits)
    if new == before.index.text.text:
        return "its fix changes nothing"
    try:
        after = run(rule, example, new)
    except SourceProblem as problem:
        return f"its fix leaves code that does not parse: {problem.message}"
    same = [sum(other.message == finding.message for other in result.findings) for result in (before, after)]
    if len(after.findings) >= len(before.findings) or same[1] >= same[0]:
        return "its fix does not silence it"
    return None
