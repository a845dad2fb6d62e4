"""CNN201 large-dense-kernel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.chains import stem_convolutions
from cnnlint.graph.queries.kernels import DenseKernel, Stack, dense_kernel, stacked
from cnnlint.graph.queries.places import own_layer
from cnnlint.graph.wording import number, per_sample, percent, short
from cnnlint.rule import Category, Example, Finding, Fix, Rule, Severity
from cnnlint_rules.efficiency.replacements import convolution, replaced, same_padding, sequence

_MOST_LAYERS = 5
"""A longer stack is not written out."""

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 3, padding=1)
        self.conv = {conv}

    def forward(self, x):
        return self.conv(self.stem(x).relu())
"""


class LargeDenseKernel(Rule):
    """A large dense kernel costs more than 3×3 convolutions stacked to the same receptive field.

    What it does
    ------------
    Finds dense convolutions of stride 1 with a square kernel of 5, 7, 9… and computes what `n = (K-1)/2` stacked 3×3
    convolutions would cost, as wide inside as the output or, if that saves too little, as the narrower end. It speaks
    when they save at least a fifth of the weights (option `min-saving`).

    Why it matters
    --------------
    `n` 3×3 convolutions see `2n + 1 = K` pixels, like the one, for `9(Ci·m + (n-2)m² + m·Co)` weights instead of
    `K²·Ci·Co`, and have `n - 1` nonlinearities more. With `Ci = Co`: 18 to 25 for 5×5 (28.0 % less), 27 to 49 for 7×7
    (44.9 % less). With an inner width of `Co` this holds only while `Co/Ci < 4(n+2)/9`; the inner width `min(Ci, Co)`
    always saves. MACs scale alike at stride 1. (Simonyan and Zisserman, arXiv 1409.1556, section 2.3.)

    Example
    -------

        nn.Conv2d(64, 64, 5, padding=2)

    Use instead
    -----------

        nn.Conv2d(64, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1),

    When not to worry
    -----------------
    Large kernels have their place: RepLKNet (arXiv 2203.06717) uses them depthwise. Silent for the first convolution
    of a network (with 3 channels a 7×7 kernel is cheap), for strided, dilated and grouped ones, factorised kernels
    (7×1), and output layers of at most 4 channels as in image-to-image networks. Pretrained weights do not carry over.

    References
    ----------
    VGG, arXiv 1409.1556, section 2.3; Inception-v3, arXiv 1512.00567, section 3; RepLKNet, arXiv 2203.06717.
    """

    code = "CNN201"
    name = "large-dense-kernel"
    category = Category.EFFICIENCY
    severity = Severity.ADVICE
    numbers = {"18": 2 * 3 * 3, "25": 5 * 5, "27": 3 * 3 * 3, "49": 7 * 7}

    bad = (
        Example(
            _NET.format(conv="nn.Conv2d(64, 64, 5, padding=2)"),
            (
                (
                    5,
                    (
                        "5×5 kernel, 64→64 channels: 102,400 weights; 2 stacked 3×3 (64→64→64) see as far with 73,728 "
                        "(-28.0 %)"
                    ),
                ),
            ),
            why="as wide inside as the output",
        ),
        Example(
            _NET.format(conv="nn.Conv2d(64, 128, 5, padding=2)"),
            (
                (
                    5,
                    (
                        "5×5 kernel, 64→128 channels: 204,800 weights; 2 stacked 3×3 (64→64→128) see as far "
                        "with 110,592 (-46.0 %)"
                    ),
                ),
            ),
            why="with 128 channels inside the stack would cost 221,184",
        ),
        Example(
            _NET.format(conv="nn.Conv2d(64, 64, 7, padding=3)"),
            (
                (
                    5,
                    (
                        "7×7 kernel, 64→64 channels: 200,704 weights; 3 stacked 3×3 (64→64→64→64) see as far "
                        "with 110,592 (-44.9 %)"
                    ),
                ),
            ),
            why="7×7",
        ),
    )
    good = (
        Example(_NET.format(conv="nn.Conv2d(64, 64, 3, padding=1)"), why="3×3"),
        Example(_NET.replace("3, padding=1", "7, padding=3").format(conv="nn.Conv2d(64, 64, 3)"), why="the stem"),
        Example(_NET.format(conv="nn.Conv2d(64, 64, 7, padding=3, groups=64)"), why="depthwise, as in ConvNeXt"),
        Example(_NET.format(conv="nn.Conv2d(64, 64, (7, 1), padding=(3, 0))"), why="factorised"),
        Example(_NET.format(conv="nn.Conv2d(64, 64, 8, stride=8)"), why="patches: kernel equal to stride"),
        Example(_NET.format(conv="nn.Conv2d(64, 64, 5, padding=4, dilation=2)"), why="dilated"),
        Example(_NET.format(conv="nn.Conv2d(64, 64, 5, padding=2, groups=2)"), why="grouped"),
        Example(_NET.format(conv="nn.Conv2d(64, 3, 9, padding=4)"), why="the output layer of a super-resolution net"),
        Example(_NET.format(conv="nn.Conv2d(64, 64, 5, stride=2, padding=2)"), why="strided: a stack costs more MACs"),
    )

    @dataclass(frozen=True)
    class Options:
        min_saving: float = 0.2
        """Least part of the weights that the stack must save."""
        max_output_channels: int = 4
        """Output layers up to this width are left alone."""
        max_stem_channels: int = 4
        """Convolutions that read no more channels are left alone, as the first one is."""

    options: Options

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each convolution of a network."""
        stems = stem_convolutions(model)
        seen = set()
        for node in model.nodes:
            conv = dense_kernel(node)
            if conv is None or not node.certain or node in stems or self._is_small(conv):
                continue
            stack = stacked(conv, self.options.min_saving)
            if stack is not None and (node.module, node.span) not in seen:
                seen.add((node.module, node.span))
                yield self._finding(model, node, conv, stack)

    def _is_small(self, conv: DenseKernel) -> bool:
        return conv.out <= self.options.max_output_channels or conv.fan_in <= self.options.max_stem_channels

    def _finding(self, model: ModelGraph, node: Node, conv: DenseKernel, stack: Stack) -> Finding:
        inner = [str(stack.width)] * (stack.layers - 1) if stack.layers <= _MOST_LAYERS else [str(stack.width), "…"]
        widths = "→".join([str(conv.fan_in), *inner, str(conv.out)])
        saving = 1 - stack.weights / conv.weights
        macs = per_sample(node.macs.get("conv", 0))
        data = {
            "weights": conv.weights, "stacked_weights": stack.weights, "layers": stack.layers, "width": stack.width,
            "extra_biases": stack.biases,
        }  # fmt: skip
        return self.finding(
            own_layer(node) or node,
            f"{conv.kernel}×{conv.kernel} kernel, {conv.fan_in}→{conv.out} channels: {number(conv.weights)} weights; "
            f"{stack.layers} stacked 3×3 ({widths}) see as far with {number(stack.weights)} (-{percent(saving)})",
            help=_help(node, conv, stack, macs if isinstance(macs, int) else None),
            data=data if not isinstance(macs, int) else {**data, "macs": macs},
            fix=_stacked(model, node, conv, stack),
        )


def _stacked(model: ModelGraph, node: Node, conv: DenseKernel, stack: Stack) -> Fix | None:
    assert isinstance(node.op, Convolution)
    keeps = same_padding(node.op)
    if keeps is None or stack.layers > _MOST_LAYERS:
        return None
    widths = [conv.fan_in, *[stack.width] * (stack.layers - 1), conv.out]
    arguments = ("padding=1" if keeps else "", "" if conv.bias else "bias=False")
    fix = replaced(model, node, sequence([convolution(a, b, 3, *arguments) for a, b in pairwise(widths)]))
    return replace(fix, saves=conv.weights - stack.weights - stack.biases) if fix is not None else None


def _help(node: Node, conv: DenseKernel, stack: Stack, macs: int | None) -> str:
    parts = [f"{stack.layers} convolutions of 3×3 with a nonlinearity between"]
    if macs and isinstance(node.op, Convolution) and same_padding(node.op):
        parts.append(f"{short(macs * stack.weights / conv.weights)} MACs instead of {short(macs)}")
    if stack.biases:
        parts.append(f"{number(stack.biases)} more biases")
    if _medium_map(node):
        parts.append(f"or 1×{conv.kernel} and {conv.kernel}×1, which maps of 12 to 20 pixels take well")
    return "; ".join(parts)


def _medium_map(node: Node) -> bool:
    """Whether the map is one on which factorised kernels work well (Inception-v3, section 3)."""
    shape = node.output.shape
    assert isinstance(node.op, Convolution)
    return shape is not None and all(isinstance(size, int) and 12 <= size <= 20 for size in shape[-2:])
