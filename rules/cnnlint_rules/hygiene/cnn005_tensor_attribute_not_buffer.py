"""CNN005 tensor-attribute-not-buffer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node, Origin, Tensor
from cnnlint.graph.operations import Convolution, Dense, Elementwise, MatrixProduct, Merge, Opaque
from cnnlint.graph.queries.weights import input_dependent
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import Category, Example, Finding, Rule, Severity

# Operators by name, for inputs of which not even the number of axes is known.
_OPERATORS = frozenset({"add", "sub", "mul", "div", "matmul"})

_NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        {attribute}

    def forward(self, x):
        return {result}
"""


class TensorAttributeNotBuffer(Rule):
    """A tensor made outside `forward` is combined with activations without being a buffer.

    What it does
    ------------
    Finds arithmetic in `forward` between an activation and a tensor with at least one axis that was made in `__init__`
    or at the top of a file and is neither parameter nor buffer.

    Why it matters
    --------------
    `.to(device)`, `.cuda()` and `.half()` move parameters and buffers only. The tensor stays on the CPU, and the first
    call on a GPU raises "Expected all tensors to be on the same device"; it is not in `state_dict()` either
    (torch.nn.Module.register_buffer).

    Example
    -------

        self.mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)

    Use instead
    -----------

        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)

    When not to worry
    -----------------
    Silent for tensors moved where they are used (`self.mean.to(x.device)`), for tensors without axes, which may stay on
    the CPU, for index tensors, and for what `forward` makes itself.

    References
    ----------
    torch.nn.Module.register_buffer; pytorch issue 29807.
    """

    code = "CNN005"
    name = "tensor-attribute-not-buffer"
    category = Category.HYGIENE
    severity = Severity.WARNING

    bad = (
        Example(
            _NET.format(attribute="self.scale = torch.ones(1, 8, 1, 1)", result="self.conv(x) * self.scale"),
            (
                (
                    8,
                    "mul with a tensor (1, 8, 1, 1) that is no buffer: .to() and state_dict() pass it by",
                ),
            ),
            why="an attribute",
        ),
        Example(
            _NET.format(attribute="self.mean = torch.zeros(3, 1, 1)", result="self.conv(x - self.mean)"),
            (
                (
                    8,
                    "sub with a tensor (3, 1, 1) that is no buffer: .to() and state_dict() pass it by",
                ),
            ),
            ("3x32x32",),
            "subtracted from the input",
        ),
    )
    good = (
        Example(
            _NET.format(
                attribute="self.register_buffer('scale', torch.ones(1, 8, 1, 1))", result="self.conv(x) * self.scale"
            ),
            why="a buffer",
        ),
        Example(
            _NET.format(
                attribute="self.scale = torch.ones(1, 8, 1, 1)", result="self.conv(x) * self.scale.to(x.device)"
            ),
            why="moved where it is used",
        ),
        Example(
            _NET.format(attribute="self.scale = torch.tensor(0.5)", result="self.conv(x) * self.scale"),
            why="a tensor without axes may stay on the CPU",
        ),
        Example(
            _NET.format(
                attribute="self.scale = nn.Parameter(torch.ones(1, 8, 1, 1))", result="self.conv(x) * self.scale"
            ),
            why="a parameter",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each place where such a tensor is used."""
        depends = input_dependent(model)
        for node in model.nodes:
            if node.certain and _is_arithmetic(node):
                loose = [tensor for tensor in node.inputs if _is_loose(tensor)]
                if loose and any(tensor in depends for tensor in node.inputs):
                    yield self._finding(node, loose[0])

    def _finding(self, node: Node, tensor: Tensor) -> Finding:
        return self.finding(
            node,
            f"{node.op.name} with a tensor {shape(tensor.shape)} that is no buffer: .to() and state_dict() pass it by",
            help="register_buffer(name, tensor, persistent=False)",
            data={"shape": plain(tensor.shape)},
        )


def _is_arithmetic(node: Node) -> bool:
    """Operations that want their tensors on one device; indexing does not."""
    if isinstance(node.op, Opaque):
        return node.op.name in _OPERATORS
    return isinstance(node.op, Merge | Elementwise | MatrixProduct | Convolution | Dense)


def _is_loose(tensor: Tensor) -> bool:
    """Whether a tensor with axes was made outside ``forward``; a buffer has a name."""
    return tensor.origin is Origin.CONSTANT and not tensor.name and bool(tensor.shape) and tensor.dtype is not None
