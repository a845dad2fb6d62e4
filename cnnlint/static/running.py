"""Running a built model on inputs, sizes from the evidence at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import libcst as cst

from cnnlint.graph.dims import BATCH, Dim, Shape, Sym, substitute, symbol
from cnnlint.graph.model import Evidence, EvidenceKind, Failure, ModelGraph, Origin, ProblemKind, Tensor
from cnnlint.graph.span import Span
from cnnlint.static.assemble import assemble
from cnnlint.static.interpreter import MAX_STEPS
from cnnlint.static.modules import call_module
from cnnlint.static.signals import Exhausted, Raised, Refine, Signal
from cnnlint.static.solving import solve_sizes
from cnnlint.static.values import (
    Bound,
    Function,
    ModuleInstance,
    Param,
    Site,
    TensorValue,
    Unknown,
    UnknownRest,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.graph.shapes import InputShape
    from cnnlint.static.interpreter import Interpreter

MAX_RESTARTS = 12
NO_EVIDENCE = Evidence(EvidenceKind.NONE)


@dataclass(frozen=True)
class Entry:
    """A model to run: its root, what it is called, where it stands, and the inputs that evidence gives.

    ``args`` and ``kwargs`` are evaluated values of an example call; ``shapes`` come from the user."""

    root: ModuleInstance
    target: str
    span: Span
    site: Site
    evidence: Evidence = NO_EVIDENCE
    shapes: tuple[InputShape, ...] = ()
    args: tuple[Value, ...] | None = None
    kwargs: dict[str, Value] | None = None
    training: bool = False
    """Whether the model is run as in training: dropout is active, and ``self.training`` true."""
    borrowed: bool = False
    """Whether the inputs are those of a model of the same class that the program builds in its own way."""
    made_up: bool = False
    """Whether the reader chose the arguments: then nothing that an omitted one (``None``) leads to is certain."""


def run_entry(it: Interpreter, entry: Entry, *, symbolic_batch: bool) -> ModelGraph:
    """The graph of the entry's model on the inputs its evidence gives; if there is none, on inputs whose channels
    come from the first layer and whose sizes are solved from a flatten, or stay names."""
    forward = forward_of(it, entry.root)
    if entry.args is not None:
        kwargs = entry.kwargs or {}
        return _attempt(it, entry, [*entry.args], kwargs, entry.evidence)
    params = input_params(entry.root, forward)
    shapes = _given_shapes(entry, params, symbolic_batch)
    if any(len(given.sizes) == 3 for given in entry.shapes):
        shapes = _settled_ranks(it, entry, params, shapes)
    graph, shapes = _refined(it, entry, params, shapes)
    if entry.evidence.kind is EvidenceKind.NONE:
        solved = solve_sizes(graph)
        if solved is not None:
            sizes, span = solved
            evidence = Evidence(EvidenceKind.SOLVED, span)
            concrete = {i: tuple(substitute(d, sizes) for d in shape) for i, shape in shapes.items()}
            graph, _ = _refined(it, replace(entry, evidence=evidence), params, concrete)
        elif shapes:
            graph = replace(graph, evidence=Evidence(EvidenceKind.LAYERS))
    return graph


def run_again(it: Interpreter, entry: Entry, inputs: tuple[Tensor, ...], shapes: tuple[Shape, ...]) -> ModelGraph:
    """The graph of the entry's model on inputs of other ``shapes``; ``inputs`` are those of its first run."""
    params = input_params(entry.root, forward_of(it, entry.root))
    positions = {param.name: index for index, param in enumerate(params)}
    given = {positions.get(tensor.name, tensor.index): shape for tensor, shape in zip(inputs, shapes, strict=True)}
    failures = list(it.recorder.failures)
    it.steps = MAX_STEPS
    graph, _ = _refined(it, replace(entry, args=None, kwargs=None), params, given)
    it.recorder.failures = failures
    return graph


def forward_of(it: Interpreter, root: ModuleInstance) -> Function | None:
    """The program's ``forward`` of a module, if it has one."""
    from cnnlint.static.attributes import find_in_class

    found = root.attrs.get("forward") or find_in_class(it, root.cls, "forward")
    found = found.function if isinstance(found, Bound) else found
    return found if isinstance(found, Function) else None


def input_params(root: ModuleInstance, forward: Function | None) -> tuple[Param, ...]:
    """The parameters of ``forward`` that inputs go to: of a torch layer those it needs, of a torch container one."""
    if forward is None:
        spec = root.cls.torch_spec
        return tuple(Param(name, "both", None) for name in (spec.call.required if spec is not None else ("input",)))
    params = forward.code.params
    return params[1:] if params and params[0].kind in ("both", "pos") else params


def _given_shapes(entry: Entry, params: tuple[Param, ...], symbolic_batch: bool) -> dict[int, Shape]:
    """Input shapes by position. A shape without a batch gets one: 1, or the batch symbol."""
    positions = {param.name: i for i, param in enumerate(params)}
    shapes: dict[int, Shape] = {}
    for i, given in enumerate(entry.shapes):
        index = positions.get(given.name, i) if given.name else i
        shapes[index] = _with_batch(given.sizes, symbolic_batch)
    return shapes


def _settled_ranks(
    it: Interpreter, entry: Entry, params: tuple[Param, ...], shapes: dict[int, Shape]
) -> dict[int, Shape]:
    """Three sizes are an image without its batch, unless the first layer to read that input wants three axes."""
    open_inputs = {index: shape for index, shape in shapes.items() if len(shape) != 4 or index >= len(entry.shapes)}
    args, kwargs = _arguments(it, params, open_inputs)
    try:
        _attempt(it, entry, args, kwargs, entry.evidence)
    except Refine as wanted:
        given = entry.shapes[wanted.index] if wanted.index < len(entry.shapes) else None
        if given is not None and len(given.sizes) == 3 and len(wanted.shape) == 3:
            return {**shapes, wanted.index: given.sizes}
        return shapes
    as_written = {index: given.sizes for index, given in enumerate(entry.shapes) if len(given.sizes) == 3}
    with_batch, without = (_fails(it, entry, params, tried) for tried in (shapes, {**shapes, **as_written}))
    return {**shapes, **as_written} if with_batch and not without else shapes


def _fails(it: Interpreter, entry: Entry, params: tuple[Param, ...], shapes: dict[int, Shape]) -> bool:
    """Whether the model certainly raises on these shapes."""
    failures = list(it.recorder.failures)
    graph, _ = _refined(it, entry, params, shapes)
    it.recorder.failures = failures
    return any(failure.certain for failure in graph.failures)


def _with_batch(sizes: tuple[int, ...], symbolic_batch: bool) -> Shape:
    batch: Dim = BATCH if symbolic_batch else 1
    return (batch, *sizes) if len(sizes) == 3 else sizes


def _refined(
    it: Interpreter, entry: Entry, params: tuple[Param, ...], shapes: dict[int, Shape]
) -> tuple[ModelGraph, dict[int, Shape]]:
    """Run, starting over whenever a layer tells the shape of an input that was open."""
    it.recorder.assumed_rank = False
    for _ in range(MAX_RESTARTS):
        args, kwargs = _arguments(it, params, shapes)
        try:
            return _attempt(it, entry, args, kwargs, entry.evidence), shapes
        except Refine as wanted:
            shapes = {**shapes, wanted.index: _own_names(wanted.index, wanted.shape)}
    args, kwargs = _arguments(it, params, shapes, settle=False)
    return _attempt(it, entry, args, kwargs, entry.evidence), shapes


def _own_names(index: int, shape: tuple[object, ...]) -> Shape:
    """The first input is H x W, the second H2 x W2."""
    dims: Shape = tuple(dim for dim in shape if isinstance(dim, int | Sym))
    if index == 0:
        return dims
    names = {name: symbol(f"{name}{index + 1}") for name in ("D", "H", "W", "L")}
    return tuple(substitute(dim, names) for dim in dims)


def _arguments(
    it: Interpreter, params: tuple[Param, ...], shapes: dict[int, Shape], settle: bool = True
) -> tuple[list[Value], dict[str, Value]]:
    """Input values for the parameters: tensors for those that have a shape or need a value."""
    args: list[Value] = []
    kwargs: dict[str, Value] = {}
    for index, param in enumerate(params):
        given = shapes.get(index)
        if param.kind == "*" and len(args) == index:
            args += _further(param, index, shapes)
        if param.kind in ("*", "**") or (given is None and param.default is not None):
            continue
        value = _input(it, index, param, given, settle)
        if param.kind == "kw" or len(args) < index:
            kwargs[param.name] = value
        else:
            args.append(value)
    return args, kwargs


def _further(param: Param, index: int, shapes: dict[int, Shape]) -> list[Value]:
    """What ``*param`` takes: the inputs given from ``index`` on; if none is, how many there are is not known."""
    if index not in shapes:
        return [UnknownRest(f"what {param.name} takes is not known")]
    return [
        TensorValue(Tensor(shape, "float32", Origin.INPUT, at, param.name))
        for at, shape in sorted(shapes.items())
        if at >= index
    ]


def _input(it: Interpreter, index: int, param: Param, shape: Shape | None, settle: bool) -> Value:
    if shape is None and param.annotation is not None and not _tensor_annotation(param.annotation):
        return it.unknown(f"the input {param.name} is not known")
    value = TensorValue(Tensor(shape, "float32", Origin.INPUT, index, param.name))
    if shape is None and settle:
        value.refine = index
    return value


def _tensor_annotation(annotation: cst.Annotation) -> bool:
    """Whether an annotated input is one tensor, as far as the annotation says."""
    match annotation.annotation:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return "Tensor" in name and "List" not in name
        case cst.Subscript(value=cst.Name(value="Optional")) | cst.BinaryOperation() | cst.SimpleString():
            return True
        case _:
            return False


def _attempt(
    it: Interpreter, entry: Entry, args: list[Value], kwargs: dict[str, Value], evidence: Evidence
) -> ModelGraph:
    recorder = it.recorder
    inputs = _label_inputs(entry, args, kwargs)
    built = dict(it.unknowns)
    it.hidden_parameters = False
    recorder.begin()
    output: Value = None
    raised: Raised | None = None
    before, it.training = it.training, entry.training
    try:
        with recorder.inside(entry.site):
            output = call_module(it, entry.root, args, kwargs, entry.site)
    except Refine:
        it.unknowns = built
        raise
    except Raised as caught:
        raised = caught
        it.note(it.unknown(f"the forward pass raises {caught.name}: {caught.text}", caught.site or entry.site))
        output = it.unknown("the forward pass raises")
    except Exhausted as caught:
        it.stopped = True
        it.note(it.unknown(str(caught), entry.site))
        output = it.unknown("evaluation was stopped")
    except Signal:
        output = it.unknown("control flow left the forward pass")
    finally:
        it.training = before
        recorder.end()
    if isinstance(output, Unknown):
        it.note(output)
    graph = assemble(
        it, entry.root, target=entry.target, span=entry.span, inputs=inputs, evidence=evidence, output=output
    )
    it.unknowns = built
    if raised is not None and not _wants_keyword(it, entry, raised):
        graph = _with_failure(graph, raised)
    if not (entry.made_up or it.hooked or it.recorder.assumed_rank):
        return graph
    abstract = entry.made_up and _is_abstract(it, entry.root)
    return replace(graph, failures=tuple(_doubted(it, failure, abstract, evidence) for failure in graph.failures))


def _doubted(it: Interpreter, failure: Failure, abstract: bool, evidence: Evidence) -> Failure:
    """A failure of a model that the reader built and called on its own, or whose hooks it does not run."""
    omitted = "NoneType" in failure.problem.text or (abstract and failure.problem.kind is ProblemKind.ATTRIBUTE)
    # Of an input that nobody gave, an assertion may ask for another kind.
    asserted = failure.type == AssertionError.__name__ and not evidence.gives_size
    return replace(failure, certain=failure.certain and not it.recorder.assumed_rank and not omitted and not asserted)


def _is_abstract(it: Interpreter, root: ModuleInstance) -> bool:
    """Whether no class of the program initialises the model: what it reads is left to its subclasses."""
    from cnnlint.static.attributes import find_in_class

    return not isinstance(find_in_class(it, root.cls, "__init__"), Function)


def _label_inputs(entry: Entry, args: list[Value], kwargs: dict[str, Value]) -> tuple[Tensor, ...]:
    """Mark the tensors given as model inputs."""
    inputs: list[Tensor] = []
    for value in (*args, *kwargs.values()):
        if isinstance(value, TensorValue):
            old = value.edge
            value.edge = Tensor(old.shape, old.dtype, Origin.INPUT, len(inputs), old.name)
            inputs.append(value.edge)
    return tuple(inputs)


def _wants_keyword(it: Interpreter, entry: Entry, raised: Raised) -> bool:
    """Whether a key may be missing only because the reader gives ``**kwargs`` nothing."""
    takes_any = any(param.kind == "**" for param in input_params(entry.root, forward_of(it, entry.root)))
    return entry.args is None and takes_any and raised.kind is KeyError


def _with_failure(graph: ModelGraph, raised: Raised) -> ModelGraph:
    """An exception that the program itself raises and nothing catches is a failure at its place."""
    if raised.site is None or not raised.certain:
        return graph
    failure = Failure(raised.as_problem(), raised.site.span, raised.name, "")
    return replace(graph, failures=(*graph.failures, failure))
