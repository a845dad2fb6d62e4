"""From a static graph to a traced run of the same model: same callable, arguments and inputs, on the same evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeAlias

from cnnlint.config import Resolved, Resolver
from cnnlint.graph.dims import Dim, substitute, symbol, symbols
from cnnlint.graph.model import EvidenceKind, ModelGraph, Tensor
from cnnlint.graph.script import ScriptView
from cnnlint.lint.patch import Patch
from cnnlint.lint.proving import TraceOptions
from cnnlint.lint.session import open_project
from cnnlint.source.imports import Project
from cnnlint.source.paths import absolute
from cnnlint.static.reader import TargetError
from cnnlint.static.target import parse_target
from cnnlint.trace import ExampleCall, Input, Job, Limits, Traced, TraceError, Tracer, graph_of
from cnnlint.trace.job import CPU_ONLY, META_FIRST
from cnnlint.trace.scripts import lines_of

Sizes: TypeAlias = Mapping[str, Dim]

BATCH = 2
"""What stands for the batch size where no evidence gives one."""


def python_of(resolved: Resolved, given: Path | None = None) -> Path | None:
    """The interpreter that models run under: ``--python``, else the setting ``python``, else the current one
    (``None``). A folder is an environment."""
    chosen = given or (
        resolved.folder / Path(resolved.settings.python).expanduser() if resolved.settings.python else None
    )
    if chosen is not None and chosen.is_dir():
        places = (chosen / "bin" / "python", chosen / "Scripts" / "python.exe", chosen / "python")
        return next((place for place in places if place.is_file()), places[0])
    return chosen


class Tracers:
    """A traced process for each interpreter that a run needs. A context manager, as each of them is."""

    def __init__(self, options: TraceOptions) -> None:
        self._limits = Limits(options.seconds, int(options.gigabytes * 2**30), int(options.megabytes * 2**20))
        self._told = options.told
        self._tracers: dict[Path | None, Tracer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def of(self, resolved: Resolved) -> Tracer:
        """The process for the interpreter that these settings name."""
        python = python_of(resolved)
        if python not in self._tracers:
            self._tracers[python] = Tracer(python, self._limits, self._told)
        return self._tracers[python]

    def prepare(self, targets: Iterable[str], resolver: Resolver) -> None:
        """Begin to start the processes that ``targets`` need while their source is read."""
        for target in targets:
            self.of(settings_of(target, resolver)).prepare()

    def close(self) -> None:
        """End all of them."""
        for tracer in self._tracers.values():
            tracer.close()
        self._tracers.clear()


def settings_of(target: str, resolver: Resolver) -> Resolved:
    """The settings that hold for the file of a target."""
    path, _, named = target.partition(".py:")
    return resolver.for_file(Path(f"{path}.py" if named else path))


def project_of(target: str, resolver: Resolver) -> tuple[Resolved, Project]:
    """The settings and the project that a target is read with."""
    resolved = settings_of(target, resolver)
    return resolved, open_project(resolved, resolver.cwd, {})


def trace_graph(
    tracer: Tracer, graph: ModelGraph, graphs: Sequence[ModelGraph], project: Project, *, gradients: bool = False,
    patch: Patch | None = None,
) -> Traced:  # fmt: skip
    """Runs the model that ``graph`` was read from, with ``patch`` applied. Raises :class:`TraceError`."""
    job = job_of(graph, graphs, project, gradients=gradients)
    return graph_of(tracer.run(job if patch is None else _patched(job, patch)), graph)


def watch_script(tracer: Tracer, script: ScriptView, project: Project) -> dict[str, Any]:
    """Runs what a script does to its models; see :mod:`cnnlint.trace.scripts`. Raises :class:`TraceError`."""
    path = absolute(Path(script.path))
    return tracer.run(Job(script.path, path, *_imported(path, project), lines=lines_of(script)))


def _imported(path: Path, project: Project) -> tuple[str, tuple[Path, ...]]:
    """The name that a file is imported under, and the folders that its imports are looked up in."""
    module, folder = project.module_name(path)
    return module, tuple(dict.fromkeys((folder, *project.import_folders(path))))


def _patched(job: Job, patch: Patch) -> Job:
    """The job on patched source, for its parameters, shapes and MACs alone."""
    example = job.example
    if example is not None and patch.path == job.path:
        example = replace(example, line=patch.moved(example.line), end_line=patch.moved(example.end_line + 1) - 1)
    return replace(job, texts={patch.path: patch.text}, example=example, gradients=False, counts=False)


def job_of(graph: ModelGraph, graphs: Sequence[ModelGraph], project: Project, *, gradients: bool = False) -> Job:
    """What to run for ``graph``, one of the ``graphs`` of its file. Raises :class:`TraceError` where an input's size
    stays unknown or the target cannot be called.

    Where the static reader expects torch to raise, the model runs on the CPU, whose checks are complete."""
    example = None
    inputs: Sequence[Input] = ()
    span = graph.evidence.span if graph.evidence.kind is EvidenceKind.EXAMPLE else None
    if span is not None and not graph.target.endswith(")"):  # a call is made as written, on the example's inputs
        path, name = absolute(Path(span.path)), ""
        args, kwargs = (), {}
        example = ExampleCall(span.line, span.end_line, graph.name, _occurrence(graph, graphs))
    else:
        try:
            target = parse_target(graph.target)
        except TargetError as error:
            raise TraceError("input", str(error)) from error
        path, name, args, kwargs = absolute(target.path), target.callable, target.args, target.kwargs
        sizes = open_sizes(graph, graphs)
        inputs = [_input(graph, tensor, sizes) for tensor in graph.inputs]
    return Job(
        graph.target, path, *_imported(path, project), name, args, kwargs, tuple(inputs), example,
        CPU_ONLY if graph.failures else META_FIRST, gradients,
    )  # fmt: skip


def _occurrence(graph: ModelGraph, graphs: Sequence[ModelGraph]) -> int:
    """How many models of the class the same call meets before this one: it may stand in a loop."""
    same = [other for other in graphs if other.evidence == graph.evidence and other.target == graph.target]
    return same.index(graph) if graph in same else 0


def _input(graph: ModelGraph, tensor: Tensor, values: Sizes) -> Input:
    sizes = None if tensor.shape is None else tuple(substitute(size, values) for size in tensor.shape)
    if sizes is None or not all(isinstance(size, int) for size in sizes):
        name = f" {tensor.name}" if tensor.name else ""
        raise TraceError(
            "input", f"{graph.target} cannot run: the size of its input{name} is not known; give it with "
            "--input 3x224x224, a comment '# cnnlint: input=3x224x224', or in the configuration",
            path=graph.span.path, line=graph.span.line,
        )  # fmt: skip
    return Input(tuple(size for size in sizes if isinstance(size, int)), tensor.dtype, tensor.name)


def open_sizes(graph: ModelGraph, others: Sequence[ModelGraph]) -> Sizes:
    """Values for the named sizes of a model's inputs that no evidence of its own gives: those that another reading of
    the same class in the same file has (its example call, say), and :data:`BATCH` for the batch."""
    for other in others:
        if other is not graph and other.name == graph.name and other.evidence.gives_size:
            sizes = _unified(graph.inputs, other.inputs)
            if sizes is not None:
                return {"N": BATCH, **sizes}
    return {"N": BATCH}


def _unified(wanted: Sequence[Tensor], given: Sequence[Tensor]) -> dict[str, Dim] | None:
    """What the names in ``wanted`` must be for the shapes to be those of ``given``; ``None`` where they cannot be."""
    sizes: dict[str, Dim] = {}
    if len(wanted) != len(given):
        return None
    for left, right in zip(wanted, given, strict=True):
        if left.shape is None or right.shape is None or len(left.shape) != len(right.shape):
            return None
        for name, size in zip(left.shape, right.shape, strict=True):
            if not isinstance(size, int) or not _fits(name, size, sizes):
                return None
    return sizes


def _fits(wanted: Dim, size: int, sizes: dict[str, Dim]) -> bool:
    for name in symbols(wanted):
        if wanted == symbol(name.text, name.low):
            return sizes.setdefault(name.text, size) == size
    return wanted == size
