"""CNN005 tensor-attribute-not-buffer."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.facts import LooseTensor
from cnnlint.graph.model import ModelGraph, Node, Origin, Tensor
from cnnlint.graph.operations import Convolution, Dense, Elementwise, MatrixProduct, Merge, Opaque
from cnnlint.graph.queries.weights import input_dependent
from cnnlint.graph.wording import plain, shape
from cnnlint.rule import Applicability, Category, Example, Finding, Fix, Related, Rule, Severity, WrapValue

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
    Silent for tensors moved where they are used (`self.mean.to(x.device)`) or by a method `_apply`, `to` or `cuda` of
    the class, for tensors without axes, which may stay on the CPU, for index tensors, and for what `forward` makes
    itself. A buffer that is not persistent leaves the state dict as it was, but `.half()` now casts it.

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
            ((8, "self.scale, a tensor (1, 8, 1, 1), is no buffer: .to() does not move it, state_dict() not save it"),),
            why="an attribute",
        ),
        Example(
            "SCALE = torch.full((1, 8, 1, 1), 0.5)\n\n\n"
            + _NET.format(attribute="self.relu = nn.ReLU()", result="self.relu(self.conv(x) * SCALE)"),
            ((11, "a tensor (1, 8, 1, 1) made outside forward is no buffer: .to() does not move it"),),
            why="at the top of a file",
        ),
        Example(
            _NET.format(attribute="self.mean = torch.zeros(3, 1, 1)", result="self.conv(x - self.mean)"),
            ((8, "self.mean, a tensor (3, 1, 1), is no buffer: .to() does not move it, state_dict() not save it"),),
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
            _NET.format(attribute="self.scale = 0.5", result="self.conv(x) * self.scale"), why="a number of Python's"
        ),
        Example(
            _NET.format(
                attribute="start = torch.ones(8)\n        self.conv.bias.data.copy_(start)", result="self.conv(x)"
            ),
            why="used in __init__ only",
        ),
        Example(
            _NET.format(
                attribute="self.register_buffer('scale', torch.ones(1, 8, 1, 1))\n        self.all = [self.scale]",
                result="self.conv(x) * self.all[0]",
            ),
            why="a buffer that a list holds too",
        ),
        Example(
            _NET.format(attribute="self.scale = torch.ones(1, 8, 1, 1)", result="self.conv(x) * self.scale")
            + "\n    def _apply(self, move):\n        self.scale = move(self.scale)\n"
            "        return super()._apply(move)\n",
            why="a class that moves it itself",
        ),
        Example(
            _NET.format(
                attribute="self.scale = nn.Parameter(torch.ones(1, 8, 1, 1))", result="self.conv(x) * self.scale"
            ),
            why="a parameter",
        ),
    )

    def check(self, model: ModelGraph) -> Iterator[Finding]:
        """One finding for each tensor, where it is first used."""
        depends = input_dependent(model)
        known = {loose.tensor: loose for loose in model.facts.loose}
        seen: set[Tensor] = set()
        for node in model.nodes:
            if not node.certain or not _is_arithmetic(node) or not any(tensor in depends for tensor in node.inputs):
                continue
            for tensor in node.inputs:
                attribute = known.get(tensor)
                if _is_loose(tensor) and tensor not in seen and not (attribute and attribute.moved):
                    seen.add(tensor)
                    yield self._finding(node, tensor, attribute)

    def _finding(self, node: Node, tensor: Tensor, loose: LooseTensor | None) -> Finding:
        data = {"shape": plain(tensor.shape)}
        if loose is None:
            text = f"a tensor {shape(tensor.shape)} made outside forward is no buffer: .to() does not move it"
            return self.finding(node, text, help="register_buffer(name, tensor, persistent=False)", data=data)
        register = f'self.register_buffer("{loose.attribute}", '
        return self.finding(
            node,
            f"self.{loose.attribute}, a tensor {shape(tensor.shape)}, is no buffer: .to() does not move it, "
            "state_dict() not save it",
            help=f"{register}..., persistent=False)",
            data=data,
            related=[Related(loose.span, "made here")],
            fix=Fix((WrapValue(loose.span, register, ", persistent=False)", alone=True),), Applicability.UNSAFE),
        )


def _is_arithmetic(node: Node) -> bool:
    """Operations that want their tensors on one device; indexing does not."""
    if isinstance(node.op, Opaque):
        return node.op.name in _OPERATORS
    return isinstance(node.op, Merge | Elementwise | MatrixProduct | Convolution | Dense)


def _is_loose(tensor: Tensor) -> bool:
    """Whether a tensor with axes was made outside ``forward``; a buffer has a name."""
    return tensor.origin is Origin.CONSTANT and not tensor.name and bool(tensor.shape) and tensor.dtype is not None
