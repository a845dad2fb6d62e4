"""What one process needs to read files: for each configuration its rules and a reader."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from cnnlint import ruleset
from cnnlint.config import ConfigError, Resolved, Resolver
from cnnlint.findings import Diagnostic
from cnnlint.graph.model import ModelGraph
from cnnlint.graph.shapes import InputShape, parse_shape
from cnnlint.graph.span import Span
from cnnlint.lint.gather import Raw, constructions, gather, gather_scripts, reads_scripts
from cnnlint.lint.proving import Prover, TraceOptions
from cnnlint.ruleset import RuleSet
from cnnlint.select import Choice
from cnnlint.source.imports import Project, site_packages
from cnnlint.source.paths import absolute, shown
from cnnlint.source.text import SourceProblem, SourceText
from cnnlint.static.reader import ConfiguredModel, Reader, ReadOptions, TargetError


@dataclass(frozen=True)
class LintOptions:
    """What the command line or a caller asks for; the rest is configuration."""

    resolver: Resolver
    choice: Choice = Choice()
    inputs: tuple[InputShape, ...] = ()
    jobs: int | None = None
    trace: TraceOptions | None = None
    """How to run the models that are read; ``None``: no code of the user is run."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading one file gave."""

    path: str
    raws: tuple[Raw, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    has_models: bool = False
    has_comments: bool = False
    """Whether the file may hold suppression comments."""
    unknown: tuple[str, ...] = ()
    built: Mapping[Span, int] = field(default_factory=dict)
    """How many modules are built at each place."""


@dataclass
class Context:
    """One configuration at work."""

    resolved: Resolved
    options: LintOptions
    texts: Mapping[Path, SourceText] = field(default_factory=dict)

    @cached_property
    def rules(self) -> RuleSet:
        return ruleset.build(self.resolved, self.options.choice)

    @cached_property
    def project(self) -> Project:
        return open_project(self.resolved, self.options.resolver.cwd, self.texts)

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.project, options=read_options(self.resolved, self.options.inputs, symbolic_batch=True))


class Session:
    """Reads files one after the other. ``texts`` stand in for the files at their paths."""

    def __init__(self, options: LintOptions, texts: Mapping[Path, SourceText] | None = None) -> None:
        self.options = options
        self._texts = texts or {}
        self._contexts: dict[Path | None, Context] = {}
        self._prover = Prover(options.trace) if options.trace is not None else None

    def close(self) -> None:
        """End the process that models were run in, if there is one."""
        if self._prover is not None:
            self._prover.close()

    def context(self, path: Path) -> Context:
        """The configuration that holds for a file."""
        resolved = self.options.resolver.for_file(path)
        if resolved.file not in self._contexts:
            self._contexts[resolved.file] = Context(resolved, self.options, self._texts)
        return self._contexts[resolved.file]

    def read(self, path: Path) -> Outcome:
        """What the rules say about the networks of one file."""
        context = self.context(path)
        name = shown(path)
        try:
            reading = context.reader.read_file(absolute(path), scripts=reads_scripts(context.rules.rules))
        except TargetError as error:
            raise ConfigError(f"{context.resolved.origin('models')}: models: {error}") from error
        raws, failed = gather(reading.graphs, context.rules.rules, name)
        unknown = tuple(dict.fromkeys(line for graph in reading.graphs for line in _unknown(graph)))
        if self._prover is not None:
            raws, unproven, untried = self._prover.prove(reading.graphs, raws, context.rules.rules, context)
            failed, unknown = [*failed, *unproven], (*unknown, *untried)
        scripted, broken = gather_scripts(reading.scripts, context.rules.rules, name)
        if self._prover is not None:
            scripted, untried = self._prover.prove_scripts(reading.scripts, scripted, context.rules.rules, context)
            unknown = (*unknown, *untried)
        raws, failed = [*raws, *scripted], [*failed, *broken]
        problems = [diagnostic_of(problem) for problem in reading.problems]
        built = constructions(reading.graphs)
        comments = _may_hold_comments(context.project, path)
        return Outcome(name, tuple(raws), (*problems, *failed), reading.has_models, comments, unknown, built)


def open_project(resolved: Resolved, cwd: Path, texts: Mapping[Path, SourceText]) -> Project:
    """The source that a run with this configuration sees: the user's folders and the installed packages of the
    interpreter that ``python`` names (the current one by default)."""
    python = resolved.folder / Path(resolved.settings.python).expanduser() if resolved.settings.python else None
    project = Project([resolved.folder, cwd], site_packages(python or Path(sys.prefix)))
    for path, text in texts.items():
        project.add(text, path)
    return project


def read_options(resolved: Resolved, inputs: Sequence[InputShape], *, symbolic_batch: bool) -> ReadOptions:
    """The reader's options: what the command line gives before what the configuration does."""
    settings = resolved.settings
    configured = tuple(map(parse_shape, settings.input))
    models: dict[Path, tuple[ConfiguredModel, ...]] = {}
    for target, model in settings.models.items():
        path, _, name = target.rpartition(":")
        entry = ConfiguredModel(name, model.args, tuple(map(parse_shape, model.input)))
        models[absolute(Path(path))] = (*models.get(absolute(Path(path)), ()), entry)
    return ReadOptions(inputs=tuple(inputs) or configured, models=models, symbolic_batch=symbolic_batch)


def diagnostic_of(problem: SourceProblem) -> Diagnostic:
    """A file that cannot be read, as the report shows it."""
    return Diagnostic(problem.kind, problem.path, problem.line, problem.column, problem.message)


def _may_hold_comments(project: Project, path: Path) -> bool:
    try:
        return "cnnlint" in project.load(path).text.text
    except SourceProblem:
        return False


def _unknown(graph: ModelGraph) -> list[str]:
    return [
        f"{u.span.path}:{u.span.line}: {u.reason} ({graph.target})" if u.span else f"{graph.target}: {u.reason}"
        for u in graph.unknowns
    ]
