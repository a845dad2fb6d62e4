"""What rules would say about good networks without their exemptions, and what they do say: docs/hazards.md.

    CNNLINT_CORPUS=<folder that holds torchvision/> python tests/corpus/hazards.py

writes the table anew. Each hazard is a test as one would first write it down, counted on torchvision's own networks,
beside the number of findings of the rule that came of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnnlint import registry
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution, Dense, Dropout, Identity, Normalisation, NormKind, Pooling
from cnnlint.graph.shapes import parse_shape
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader, ReadOptions

FILE = Path(__file__).parents[2] / "docs" / "hazards.md"
TARGETS = (
    "alexnet.py:alexnet", "vgg.py:vgg16", "vgg.py:vgg16_bn", "resnet.py:resnet18", "resnet.py:resnet50",
    "resnet.py:resnet101", "resnet.py:resnext50_32x4d", "resnet.py:wide_resnet50_2", "squeezenet.py:squeezenet1_0",
    "googlenet.py:googlenet", "inception.py:inception_v3", "densenet.py:densenet121", "mobilenetv2.py:mobilenet_v2",
    "mobilenetv3.py:mobilenet_v3_large", "mnasnet.py:mnasnet1_0", "efficientnet.py:efficientnet_b0",
    "efficientnet.py:efficientnet_v2_s", "shufflenetv2.py:shufflenet_v2_x1_0", "convnext.py:convnext_tiny",
    "regnet.py:regnet_y_400mf", "segmentation/deeplabv3.py:deeplabv3_resnet50",
)  # fmt: skip
LARGE, SMALL = 224, 32
OWN_SIZE = {"inception.py:inception_v3": 299}
"""Of networks that are made for another size than the large one."""


@cache
def graph(source: Path, target: str, size: int = LARGE) -> ModelGraph:
    size = OWN_SIZE.get(target, size) if size == LARGE else size
    options = ReadOptions(inputs=(parse_shape(f"3x{size}x{size}"),), symbolic_batch=True)
    (read,) = Reader(Project([source]), options=options).read_target(f"{source / 'torchvision/models'}/{target}")
    return read


# ---- the hazards ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """One axis of a convolution or pool."""

    kernel: int
    stride: int
    before: int
    after: int
    dilation: int
    size: int
    outputs: int

    @property
    def fits(self) -> bool:
        return (self.size + self.before + self.after - self.dilation * (self.kernel - 1) - 1) % self.stride == 0

    @property
    def unread(self) -> int:
        """Positions that no window reads (F6 of the catalogue, by enumeration)."""
        return self.size - len({place for places in self._reads for place in places if 0 <= place < self.size})

    @property
    def dead(self) -> int:
        """Taps that read padding only (F7)."""
        return sum(not any(0 <= place < self.size for place in places) for places in self._reads)

    @property
    def _reads(self) -> list[range]:
        """For each tap of the kernel the positions that it reads."""
        starts = (k * self.dilation - self.before for k in range(self.kernel))
        return [range(start, start + self.outputs * self.stride, self.stride) for start in starts]


def windows(node: Node) -> list[Window]:
    """The axes of a convolution or pool whose sizes are known."""
    op = node.op
    if not isinstance(op, Convolution | Pooling) or (isinstance(op, Convolution) and op.transposed):
        return []
    after = op.pad_after if isinstance(op, Convolution) else op.padding
    axes = len(op.kernel_size)
    shapes = (node.inputs[0].shape or ())[-axes:], (node.output.shape or ())[-axes:]
    rows = list(zip(op.kernel_size, op.stride, op.padding, after, op.dilation, *shapes, strict=False))
    return [Window(*row) for row in rows if all(isinstance(value, int) for value in row)]


def misfit(model: ModelGraph, node: Node) -> bool:
    return any(not window.fits for window in windows(node))


def loses_data(model: ModelGraph, node: Node) -> bool:
    return any(window.kernel >= window.stride and window.unread for window in windows(node))


def dead_taps(model: ModelGraph, node: Node) -> bool:
    return isinstance(node.op, Convolution) and any(window.dead for window in windows(node))


def bias_before_batch_norm(model: ModelGraph, node: Node) -> bool:
    return isinstance(node.op, Convolution) and node.op.bias and any(map(_batch_norm, _readers(model, node)))


def linear_pair(model: ModelGraph, node: Node) -> bool:
    """A linear layer that reads another one, a normalisation or dropout between them at most."""
    before = model.producer(node.inputs[0]) if isinstance(node.op, Convolution | Dense) else None
    while before is not None and isinstance(before.op, Normalisation | Dropout | Identity):
        before = model.producer(before.inputs[0])
    return before is not None and isinstance(before.op, Convolution | Dense)


def wide_3x3(model: ModelGraph, node: Node) -> bool:
    match node.op:
        case Convolution(kernel_size=(3, 3), groups=1, in_channels=int(fan_in), out_channels=int(out)):
            return min(fan_in, out) >= 256
    return False


def large_kernel(model: ModelGraph, node: Node) -> bool:
    match node.op:
        case Convolution(kernel_size=(int(height), int(width)), groups=1, stride=(1, 1)):
            return min(height, width) >= 5
    return False


def strided_pointwise(model: ModelGraph, node: Node) -> bool:
    match node.op:
        case Convolution(kernel_size=(1, 1), stride=stride):
            return any(step != 1 for step in stride)
    return False


def odd_channels(model: ModelGraph, node: Node) -> bool:
    match node.op:
        case Convolution(groups=1, in_channels=int(fan_in), out_channels=int(out)):
            return fan_in % 8 != 0 or out % 8 != 0
    return False


def dropout_before_batch_norm(model: ModelGraph, node: Node) -> bool:
    if not isinstance(node.op, Dropout):
        return False
    seen, waiting = set(), [node]
    while waiting:
        for reader in _readers(model, waiting.pop()):
            if _batch_norm(reader):
                return True
            if reader not in seen:
                seen.add(reader)
                waiting.append(reader)
    return False


def _readers(model: ModelGraph, node: Node) -> Sequence[Node]:
    return [reader for tensor in node.outputs for reader in model.consumers.get(tensor, ())]


def _batch_norm(node: Node) -> bool:
    return isinstance(node.op, Normalisation) and node.op.kind is NormKind.BATCH


@dataclass(frozen=True)
class Hazard:
    """A first idea of a rule, and the rule."""

    name: str
    title: str
    test: Callable[[ModelGraph, Node], bool]
    code: str
    size: int
    why: str
    """What the exemptions know that the first idea does not."""


HAZARDS = (
    Hazard(
        "misfit", "windows that do not fit the map", misfit, "CNN105", LARGE,
        "nearly always only padding is left over, or a 1×1 convolution steps over pixels, which is CNN503's",
    ),
    Hazard(
        "unread", "of these, with pixels that no window reads", loses_data, "CNN105", LARGE,
        "a row or two of a large map is less than the 2 % that are worth a word",
    ),
    Hazard(
        f"dead at {LARGE}", f"kernel taps that read padding only, at {LARGE} pixels", dead_taps, "CNN404", LARGE,
        "reported where a third of a layer's taps is dead",
    ),
    Hazard(
        f"dead at {SMALL}", f"the same at {SMALL} pixels", dead_taps, "CNN404", SMALL,
        "nothing to exempt: these networks are not made for such images",
    ),
    Hazard(
        "bias", "a bias in front of batch norm", bias_before_batch_norm, "CNN601", LARGE,
        "nothing to exempt: it is always dead",
    ),
    Hazard(
        "linear pair", "two linear layers without an activation between", linear_pair, "CNN602", LARGE,
        "linear bottlenecks have low rank on purpose, depthwise layers factorise a dense one",
    ),
    Hazard(
        "wide 3×3", "dense 3×3 convolutions of 256 channels and more", wide_3x3, "CNN202", LARGE,
        "the middle of a bottleneck is one; a run of them is one report",
    ),
    Hazard(
        "K ≥ 5", "dense kernels of 5×5 and more at stride 1", large_kernel, "CNN201", LARGE,
        "stems and output layers are exempt, and none of these is one",
    ),
    Hazard(
        "1×1 stride", "1×1 convolutions with a stride", strided_pointwise, "CNN503", LARGE,
        "all are shortcuts whose other branch reads everything",
    ),
    Hazard(
        "not ×8", "channels that are no multiple of 8", odd_channels, "CNN204", LARGE,
        "stems, squeezes on 1×1 maps and layers of less than 1 % of the MACs cost nothing",
    ),
    Hazard(
        "dropout", "dropout upstream of a batch norm", dropout_before_batch_norm, "CNN604", LARGE,
        "nothing to exempt: the projection of DeepLabV3's pyramid does it",
    ),
)  # fmt: skip


# ---- counting ---------------------------------------------------------------------------------------------------


def found(source: Path, code: str, target: str, size: int = LARGE) -> int:
    """How many findings a rule has in a network."""
    return sum(1 for _ in registry.load().rules[code]().check(graph(source, target, size)))


def hits(source: Path, hazard: Hazard, target: str) -> tuple[int, int]:
    """How many nodes the first idea takes for a fault, and how many findings the rule has."""
    model = graph(source, target, hazard.size)
    if model.failures:  # too small an image
        return 0, 0
    return sum(hazard.test(model, node) for node in model.nodes), found(source, hazard.code, target, hazard.size)


def dead_weights(source: Path, target: str) -> tuple[int, int]:
    """The weights of a network that see only padding at 32 pixels, and all its parameters."""
    model = graph(source, target, SMALL)
    finding = None if model.failures else next(iter(registry.load().rules["CNN404"]().check(model)), None)
    return (finding.data["dead_weights_in_all"], finding.data["parameters"]) if finding is not None else (0, 0)


# ---- the page ---------------------------------------------------------------------------------------------------

HEAD = """\
# How the rules fit good networks

A rule that fires on ResNet is wrong about ResNet, or right and worth a second look. Each of these hazards was first
written as it comes to mind and counted on {networks} networks of torchvision, read from their source at 224×224 pixels
(Inception at 299×299, all at 32×32 where the name says so); beside it stands what the rule that came of it reports.
Written by `tests/corpus/hazards.py`, held by `tests/corpus/test_hazards.py`.

| Hazard | Hits | Networks | Rule | Findings | Networks | What the rule knows |
| --- | --- | --- | --- | --- | --- | --- |
"""


def page(source: Path) -> str:
    """docs/hazards.md."""
    counts = {(hazard, target): hits(source, hazard, target) for hazard in HAZARDS for target in TARGETS}
    return "".join(_lines(source, counts))


def _lines(source: Path, counts: dict[tuple[Hazard, str], tuple[int, int]]) -> Iterator[str]:
    yield HEAD.format(networks=len(TARGETS))
    for hazard in HAZARDS:
        naive, kept = zip(*(counts[hazard, target] for target in TARGETS), strict=True)
        yield _row(hazard.title, *_total(naive), f"[{hazard.code}](rules/{hazard.code}.md)", *_total(kept), hazard.why)
    yield "\n## By network\n\nFirst idea → findings; empty where both are 0.\n\n"
    yield _row("Network", *(hazard.name for hazard in HAZARDS)) + _row(*["---"] * (1 + len(HAZARDS)))
    for target in TARGETS:
        yield _row(name_of(target), *(_arrow(*counts[hazard, target]) for hazard in HAZARDS))
    yield f"\n## Weights that never see a pixel of a {SMALL}×{SMALL} image\n\n"
    yield "Their gradient is exactly zero. Networks that cannot run on such an image are left out.\n\n"
    yield _row("Network", "Dead weights", "Parameters", "Share") + _row(*["---"] * 4)
    for target in TARGETS:
        dead, parameters = dead_weights(source, target)
        if dead:
            yield _row(name_of(target), f"{dead:,}", f"{parameters:,}", f"{100 * dead / parameters:.1f} %")


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _total(counts: Sequence[int]) -> tuple[str, str]:
    return str(sum(counts)), str(sum(map(bool, counts)))


def _arrow(naive: int, kept: int) -> str:
    return f"{naive} → {kept}" if naive or kept else ""


def name_of(target: str) -> str:
    """The builder of a target."""
    return target.rpartition(":")[2]


def main() -> int:
    FILE.write_text(page(Path(os.environ["CNNLINT_CORPUS"]).resolve()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
