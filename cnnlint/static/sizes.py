"""Input sizes that work: the built model is run again on square inputs of other sizes.

The number of runs is bounded. A size that works is found first; the effective stride says which steps from it are
worth trying; the least and the greatest size that work are found by bisection along the step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil

from cnnlint.graph.dims import Shape
from cnnlint.graph.model import Failure, ModelGraph, Tensor
from cnnlint.graph.receptive import receptive_fields
from cnnlint.graph.sizes import Break, SizeRange
from cnnlint.static.solving import COMMON_SIZES

Works = Callable[[int], bool]
Run = Callable[[tuple[Shape, ...]], ModelGraph]
"""Gives the graph on inputs of other shapes."""

MAX_STRIDE = 64
WINDOWS = (1, 2, 4, 7, 8, 14, 16, 28, 32, 64)
"""Sides of patches and attention windows in use: what sizes are multiples of where the stride does not say it."""
FAR = 1024
"""A size that works this far above another is taken to have no upper limit."""
MAX_STARTS = 12
_UNKNOWN = "part of the forward pass is not known"


def find_sizes(graph: ModelGraph, run: Run) -> SizeRange:
    """The sizes that work for the model of ``graph``, where ``run`` gives its graph on other shapes."""
    images = _images(graph)
    if not images:
        return SizeRange(0, reason="there is no input whose channels are known and whose size could be changed")
    probe = _Probe(graph, images, run)
    axes = len(images[0].shape or ()) - 2
    start = next((size for size in _starts(images) if probe.works(size)), None)
    if probe.unknown:
        return SizeRange(axes, reason=_UNKNOWN)
    if start is None:
        return SizeRange(axes, breaks=tuple(probe.breaks([next(_starts(images))])))
    found = _around(axes, start, _stride(probe.graphs[start]), probe)
    return SizeRange(axes, reason=_UNKNOWN) if probe.unknown else found


class _Probe:
    """Runs of one model at several sizes, each size once."""

    def __init__(self, graph: ModelGraph, images: list[Tensor], run: Run) -> None:
        self.inputs = graph.inputs
        self.images = images
        self.run = run
        self.graphs: dict[int, ModelGraph] = {}

    @property
    def unknown(self) -> bool:
        """Whether a run that raised nothing was not evaluated as a whole."""
        return any(not graph.complete and _failure(graph) is None for graph in self.graphs.values())

    def works(self, size: int) -> bool:
        if size < 1:
            return False
        if size not in self.graphs:
            self.graphs[size] = self.run(tuple(self._shape(tensor, size) for tensor in self.inputs))
        return _failure(self.graphs[size]) is None

    def _shape(self, tensor: Tensor, size: int) -> Shape:
        assert tensor.shape is not None
        fixed = tuple(known if isinstance(known, int) else 1 for known in tensor.shape)
        return (*fixed[:2], *(size for _ in fixed[2:])) if tensor in self.images else fixed

    def breaks(self, sizes: list[int]) -> Iterator[Break]:
        """What fails at those of ``sizes`` that do not work."""
        for size in sizes:
            failure = None if size < 1 or self.works(size) else _failure(self.graphs[size])
            if failure is not None:
                yield Break(size, failure.module, failure.type, failure.problem.text, failure.span)


def _failure(graph: ModelGraph) -> Failure | None:
    return next((failure for failure in graph.failures if failure.certain), None)


def _images(graph: ModelGraph) -> list[Tensor]:
    """The inputs with spatial axes, if all have the same sizes and channels are known."""
    tensors = [tensor for tensor in graph.inputs if tensor.shape is not None and len(tensor.shape) > 2]
    if len({tensor.shape[2:] for tensor in tensors if tensor.shape}) != 1:
        return []
    if any(tensor.shape is None for tensor in graph.inputs):
        return []
    return tensors if all(tensor.shape and isinstance(tensor.shape[1], int) for tensor in tensors) else []


def _starts(images: list[Tensor]) -> Iterator[int]:
    """Sizes that may work, the likeliest first: what the evidence says, then what data sets have."""
    shape = images[0].shape or ()
    yield from (size for size in shape[2:] if isinstance(size, int))
    yield from COMMON_SIZES[:MAX_STARTS]


def _stride(graph: ModelGraph) -> int:
    """The greatest effective stride of any tensor."""
    steps = (axis.j_max for field in receptive_fields(graph).values() for axis in field.axes)
    return min(MAX_STRIDE, ceil(max(steps, default=1)))


def _around(axes: int, start: int, stride: int, probe: _Probe) -> SizeRange:
    works = probe.works
    steps = {step for step in range(1, 2 * stride + 1) if 2 * stride % step == 0} | set(WINDOWS)
    step = next((step for step in sorted(steps) if works(start + step) or works(start - step)), None)
    if step is None:
        return SizeRange(axes, start, start, 1, True, tuple(probe.breaks([start - 1, start + 1])))
    low = _edge(works, start, -step, start // step)
    far = start + step * ceil(FAR / step)
    high = None if works(far) else _edge(works, start, step, FAR // step)
    between = {1, 2, 3, step - 1, step + 1, stride // 2 + 1, stride - 1, stride + 1, 2 * stride - 1}
    tried = (start + offset for offset in between if offset > 0 and (high is None or start + offset <= high))
    regular = all(works(size) == ((size - start) % step == 0) for size in tried)
    outside = [low - step] + ([low + 1] if step > 1 else []) + ([high + step] if high is not None else [])
    return SizeRange(axes, low, high, step, regular, tuple(probe.breaks(outside)))


def _edge(works: Works, start: int, step: int, count: int) -> int:
    """The last size that works going from ``start``, which does, by ``step`` at most ``count`` times."""
    good, bad = 0, count + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if works(start + middle * step):
            good = middle
        else:
            bad = middle
    return start + good * step
