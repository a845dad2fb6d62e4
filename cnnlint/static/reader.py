"""The static reader: files and targets in, graphs out."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.graph.model import Evidence, EvidenceKind, ModelGraph
from cnnlint.graph.queries.places import raising_place, refusals
from cnnlint.graph.script import ScriptView
from cnnlint.graph.shapes import InputShape
from cnnlint.source.index import may_hold_model
from cnnlint.source.paths import absolute
from cnnlint.source.syntax import Unparsable
from cnnlint.source.text import SourceProblem
from cnnlint.static import expressions, statements  # noqa: F401 - they register their handlers
from cnnlint.static.assemble import assemble_broken
from cnnlint.static.calls import call
from cnnlint.static.entries import Broken, find_entries, unknown_arguments
from cnnlint.static.examples import fed_by_example
from cnnlint.static.frame import ModuleEnv
from cnnlint.static.imports import bound_by_call, file_name, open_file
from cnnlint.static.interpreter import Interpreter
from cnnlint.static.notes import noted_input
from cnnlint.static.recorder import Recorder
from cnnlint.static.running import NO_EVIDENCE, Entry, run_again, run_entry
from cnnlint.static.signals import Exhausted, Raised
from cnnlint.static.sizes import find_sizes
from cnnlint.static.target import Target, TargetError, parse_arguments, parse_target
from cnnlint.static.values import MISSING, Class, Function, ModuleInstance, Site, Unknown, Value

if TYPE_CHECKING:
    from cnnlint.source.imports import Project

MAX_RECURSION = 12_000
"""Python frames for a full stack of evaluated calls."""

__all__ = ["ConfiguredModel", "FileReading", "ReadOptions", "Reader", "TargetError"]


@dataclass(frozen=True)
class ConfiguredModel:
    """An entry model that the configuration names."""

    callable: str
    args: str = ""
    inputs: tuple[InputShape, ...] = ()


@dataclass(frozen=True)
class ReadOptions:
    """How models are read. ``models`` maps a file's path to the entry models configured for it."""

    inputs: tuple[InputShape, ...] = ()
    training: bool = False
    symbolic_batch: bool = False
    sizes: bool = False
    """Whether to find out for which input sizes the forward pass works."""
    models: Mapping[Path, tuple[ConfiguredModel, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class FileReading:
    """What was read from one file."""

    graphs: tuple[ModelGraph, ...] = ()
    problems: tuple[SourceProblem, ...] = ()
    has_models: bool = False
    scripts: tuple[ScriptView, ...] = ()


class Reader:
    """Reads models from the files of a project. Nothing of the files is executed."""

    def __init__(self, project: Project, *, options: ReadOptions | None = None) -> None:
        self.project = project
        self.options = options or ReadOptions()
        self._stopped: set[Path] = set()
        """Files whose evaluation was stopped before its end."""

    def read_file(self, path: Path, *, scripts: bool = False) -> FileReading:
        """Every entry model of a file, and, if ``scripts``, what its code does to models. Problems are those that keep
        the file from being read at all."""
        try:
            index = self.project.load(path)
        except SourceProblem as problem:
            return FileReading(problems=(problem,))
        if not may_hold_model(index.text.text):
            return FileReading()
        try:
            with _deep_stack():
                graphs = tuple(self._graphs(path, index.text.path))
                # What used up one budget would use up those of the other readings as well.
                scripts = scripts and path not in self._stopped
                views = self._with_program(path, graphs, self._scripts(path)) if scripts else ()
        except TargetError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of the reader itself costs one file, never the run
            return FileReading(problems=(_internal(index.text.path, error),))
        return FileReading(graphs, (), bool(graphs), views)

    def read_target(self, target: str) -> tuple[ModelGraph, ...]:
        """The graphs of ``PATH.py``, ``PATH.py:NAME`` or ``PATH.py:NAME(arguments)``.

        Raises :class:`TargetError`, or :class:`~cnnlint.source.text.SourceProblem` for a broken file."""
        parsed = parse_target(target)
        if parsed.callable:
            with _deep_stack():
                return (self._named(*self._as_configured(parsed)),)
        reading = self.read_file(parsed.path)
        if reading.problems:
            raise reading.problems[0]
        if not reading.graphs:
            raise TargetError(f"{target}: no model found; name a class or builder, as in {target}:Net")
        return reading.graphs

    def _scripts(self, path: Path) -> tuple[ScriptView, ...]:
        from cnnlint.static.scripting import read_scripts

        try:
            return read_scripts(self.project, path, symbolic_batch=self.options.symbolic_batch)
        except (Exhausted, Unparsable):
            return ()

    def _with_program(
        self, path: Path, graphs: tuple[ModelGraph, ...], views: tuple[ScriptView, ...]
    ) -> tuple[ScriptView, ...]:
        """The views and where the file raises as a program, unless what a graph shows to raise stands there."""
        from cnnlint.static.program import run_program

        failure = run_program(self.project, path)
        if failure is None:
            return views
        shown = {raising_place(graph, refused)[0].line for graph in graphs for refused in refusals(graph)}
        if failure.span.line in shown:
            return views
        first, *rest = views or (ScriptView(failure.span.path),)
        return (replace(first, failures=(failure,)), *rest)

    # ---- files -------------------------------------------------------------------------------------------------

    def _graphs(self, path: Path, shown: str) -> Iterator[ModelGraph]:
        configured = self.options.models.get(absolute(path), ())
        for model in configured:
            args, kwargs = parse_arguments(f"({model.args})", f"{shown}:{model.callable}")
            target = Target(path, model.callable, args, kwargs)
            kind = EvidenceKind.OPTION if self.options.inputs else EvidenceKind.CONFIGURATION
            graph = self._named(target, kind, self.options.inputs or model.inputs)
            yield replace(graph, target=f"{shown}:{model.callable}({model.args})")
        it, env = self._open(path)
        done = {model.callable for model in configured}
        try:
            for entry in find_entries(it, env, shown):
                if entry.target.rpartition(":")[2].removesuffix("()") in done:
                    continue
                if isinstance(entry, Broken):
                    yield assemble_broken(it, entry.target, entry.name, entry.span, entry.raised)
                else:
                    yield self._run(it, self._with_evidence(self._fed_by_example(it, env, entry)))
                it.unknowns = {}
                it.recorder.failures = []
        except (Exhausted, Unparsable):
            it.stopped = True
        if it.stopped:
            self._stopped.add(path)

    @staticmethod
    def _fed_by_example(it: Interpreter, env: ModuleEnv, entry: Entry) -> Entry:
        return fed_by_example(it, env, entry) if entry.evidence.kind is EvidenceKind.NONE else entry

    def _open(self, path: Path) -> tuple[Interpreter, ModuleEnv]:
        recorder = Recorder()
        it = Interpreter(self.project, recorder, training=self.options.training)
        recorder.interpreter = it
        env = open_file(it, path)
        if env is None:
            raise self._problem(path)
        return it, env

    def _problem(self, path: Path) -> Exception:
        try:
            self.project.load(path)
        except SourceProblem as problem:
            return problem
        return TargetError(f"{path.as_posix()}: cannot be read")

    def _with_evidence(self, entry: Entry) -> Entry:
        """The user's input sizes win over a comment, and that over what the code calls the model with."""
        if self.options.inputs:
            return _fed(entry, Evidence(EvidenceKind.OPTION), self.options.inputs)
        note = noted_input(entry)
        return entry if note is None else _fed(entry, Evidence(EvidenceKind.COMMENT, note.span), note.shapes)

    def _run(self, it: Interpreter, entry: Entry) -> ModelGraph:
        if self.options.training:
            entry = replace(entry, training=True)
        graph = run_entry(it, entry, symbolic_batch=self.options.symbolic_batch)
        if entry.borrowed and any(failure.certain for failure in graph.failures):
            entry = replace(entry, evidence=NO_EVIDENCE, args=None, kwargs=None)
            graph = run_entry(it, entry, symbolic_batch=self.options.symbolic_batch)
        if self.options.sizes:
            graph = replace(graph, sizes=find_sizes(graph, lambda shapes: run_again(it, entry, graph.inputs, shapes)))
        return graph

    # ---- targets ------------------------------------------------------------------------------------------------

    def _as_configured(self, target: Target) -> tuple[Target, EvidenceKind, tuple[InputShape, ...]]:
        """A named target with its inputs; what neither it nor the command line says, the configuration may."""
        inputs = self.options.inputs
        for model in self.options.models.get(absolute(target.path), ()):
            if model.callable == target.callable:
                if not (target.args or target.kwargs):
                    args, kwargs = parse_arguments(f"({model.args})", target.text)
                    target = replace(target, args=args, kwargs=kwargs)
                if not inputs:
                    return target, EvidenceKind.CONFIGURATION, model.inputs
        return target, EvidenceKind.OPTION, inputs

    def _named(self, target: Target, kind: EvidenceKind, shapes: tuple[InputShape, ...]) -> ModelGraph:
        it, env = self._open(target.path)
        callee = self._callable(it, env, target)
        statement = callee.statement if isinstance(callee, Class) else getattr(callee, "code", None)
        statement = getattr(statement, "statement", statement)
        assert env.index is not None
        anchor = statement or env.index.scope.statements[0]
        site = Site(anchor, anchor.header() if anchor.kind in ("class", "function") else anchor.parse())
        root = self._build(it, callee, target, site)
        entry = Entry(root, target.text, anchor.stmt_span(), site)
        if shapes:
            return self._run(it, _fed(entry, Evidence(kind), shapes))
        return self._run(it, self._with_evidence(fed_by_example(it, env, entry)))

    def _callable(self, it: Interpreter, env: ModuleEnv, target: Target) -> Value:
        from cnnlint.static.attributes import get_attribute

        first, *rest = target.callable.split(".")
        found = file_name(it, env, first)
        if found is MISSING:
            found = bound_by_call(it, env, first)
        assert env.index is not None
        if found is MISSING:
            near = get_close_matches(first, env.index.scope.by_name, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TargetError(f"{target.path.as_posix()}: nothing is called {first!r}{hint}")
        first_statement = env.index.scope.statements[0]
        for name in rest:
            found = get_attribute(it, found, name, Site(first_statement, first_statement.parse()))
        return found

    def _build(self, it: Interpreter, callee: Value, target: Target, site: Site) -> ModuleInstance:
        kwargs = {**unknown_arguments(it, callee, site), **target.kwargs}
        if target.args and isinstance(callee, Function | Class):
            names = list(unknown_arguments(it, callee, site))
            for name in names[: len(target.args)]:
                kwargs.pop(name, None)
        try:
            with it.recorder.inside(site):
                made = call(it, callee, list(target.args), kwargs, site)
        except Raised as raised:
            where = f" ({raised.site.span.path}:{raised.site.span.line})" if raised.site else ""
            raise TargetError(f"{target.text}: building it raises {raised.name}: {raised.text}{where}") from None
        except Exhausted as exhausted:
            raise TargetError(f"{target.text}: {exhausted}") from None
        if not isinstance(made, ModuleInstance):
            why = f": {made.reason}" if isinstance(made, Unknown) else ""
            raise TargetError(f"{target.text}: this does not give an nn.Module{why}")
        return made


def _fed(entry: Entry, evidence: Evidence, shapes: tuple[InputShape, ...]) -> Entry:
    return replace(entry, evidence=evidence, shapes=shapes, args=None, kwargs=None)


@contextmanager
def _deep_stack() -> Iterator[None]:
    """Room for the frames of a full stack of evaluated calls."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, MAX_RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _internal(path: str, error: Exception) -> SourceProblem:
    """An error of the reader, with the place in it for a bug report."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).stem}.{last.name}:{last.lineno}"
    text = (
        f"cnnlint failed to read the models of this file ({type(error).__name__}: {error} in {where}); please report it"
    )
    return SourceProblem("internal-error", path, 1, 1, text)
