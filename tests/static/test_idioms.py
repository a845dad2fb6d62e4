"""Python and torch as published networks use them: every network is read as torch runs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from python_oracle import python

from cnnlint.graph.dims import is_known
from cnnlint.graph.model import ModelGraph, ProblemKind, Tensor

ReadNet = Callable[..., ModelGraph]

HEAD = """\
import torch
from torch import nn
import torch.nn.functional as F
"""
NETS = {
    "the type of a tensor": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 6, 3)
            def forward(self, x):
                x = x[0] if type(x) is list else x
                return self.a(x) if type(x) == torch.Tensor and type(self.a.weight) is nn.Parameter else self.b(x)
        """,
    "an operation of one's own": """
        class Sign(torch.autograd.Function):
            @staticmethod
            def forward(ctx, weight, threshold):
                ctx.save_for_backward(weight)
                ctx.mark_non_differentiable(weight)
                return 2 * (weight >= threshold).float()
            @staticmethod
            def backward(ctx, grad):
                (weight,) = ctx.saved_tensors
                return grad, None
        sign = Sign.apply
        class Net(nn.Conv2d):
            def __init__(self):
                super().__init__(3, 8, 3)
            def forward(self, x):
                return F.conv2d(x, sign(self.weight, 0.0))
        """,
    "named tuples that torch returns": """
        class Net(nn.Module):
            def forward(self, x):
                best = x.topk(2, dim=-1)
                parts = [best.indices.float(), x.max(dim=1, keepdim=True).values, torch.sort(x, dim=1).values[:, :1]]
                low, high = x.aminmax(dim=3)
                return torch.cat([x.aminmax(dim=3).max.flatten(1), low.flatten(1), *(p.flatten(1) for p in parts)], 1)
        """,
    "weights by direction and length": """
        from torch.nn.utils import parametrizations, remove_weight_norm, weight_norm
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = weight_norm(nn.Conv2d(3, 4, 3))
                self.b = weight_norm(nn.Linear(4, 5), dim=None)
                self.c = remove_weight_norm(weight_norm(nn.Linear(5, 6)))
                self.d = parametrizations.weight_norm(nn.Linear(6, 7))
                self.a.weight_g.data.fill_(1)
            def forward(self, x):
                return self.d(self.c(self.b(self.a(x).mean((2, 3))))) + self.a.weight.sum()
        """,
    "fields of a named tuple": """
        from collections import namedtuple
        Widths = namedtuple("Widths", "inner outer depth")
        Widths.__new__.__defaults__ = (None,) * len(Widths._fields)
        class Net(nn.Module):
            def __init__(self, widths=Widths(inner=4)):
                super().__init__()
                self.a = nn.Conv2d(3, widths.inner if widths.outer is None else 9, 1)
            def forward(self, x):
                return self.a(x)
        """,
    "a part of attention": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.MultiheadAttention(8, 2, batch_first=True)
                nn.init.normal_(self.a.out_proj.weight)
            def forward(self, x):
                x = x.flatten(1, 2)
                return self.a(x, x, x)[0]
        """,
    "a tensor set to another": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Conv2d(3, 4, 3)
            def forward(self, x):
                y = self.a(x).detach()
                x.data.set_()
                y.set_(torch.zeros(1, 2, 5, 5))
                return y.flatten(1)
        """,
    "an operation with its context apart": """
        class Repeat(torch.autograd.Function):
            @staticmethod
            def forward(x, n):
                return x.repeat(1, n, 1, 1)
            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.n = inputs[1]
        class Net(nn.Module):
            def forward(self, x):
                return Repeat.apply(x, 2)
        """,
    "__new__ beside torch": """
        class Marked:
            def __new__(cls, *args, **kwargs):
                made = super().__new__(cls)
                made.marks = len(args) + len(kwargs)
                return made
        class Net(nn.Module, Marked):
            def __new__(cls, width=4):
                return super().__new__(cls, width)
            def __init__(self, width=4):
                super().__init__()
                self.a = nn.Conv2d(3, width, 3)
            def forward(self, x):
                return self.a(x)
        """,
    "__new__ that chooses a subclass": """
        class Base(nn.Module):
            def __new__(cls, wide=True):
                return object.__new__(Wide if wide else cls)
            def __init__(self, wide=True):
                super().__init__()
                self.a = nn.Conv2d(3, self.width, 1)
            def forward(self, x):
                return self.a(x)
        class Wide(Base):
            width = 7
        Net = Base
        """,
    "type names of torch": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.e = nn.Embedding(10, 4)
            def forward(self, x):
                i = x.flatten(1)[:, :4].long()
                return self.e(i) if i.dtype in (torch.int, torch.long) and x.dtype == torch.float else x
        """,
    "a dictionary with typed keys": """
        from typing import TypedDict
        class Widths(TypedDict):
            inner: int
            outer: int
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                widths = Widths(inner=4, outer=8)
                self.a = nn.Conv2d(3, widths["inner"] + widths.get("outer"), 1)
            def forward(self, x):
                return self.a(x)
        """,
}


@pytest.mark.parametrize("name", NETS)
def test_reads_as_torch_runs(read_net: ReadNet, name: str) -> None:
    source = HEAD + "".join(line[8:] for line in NETS[name].splitlines(keepends=True))
    with torch.no_grad():
        net = python(source + "\nanswer = Net()\n").eval()
        output = net(torch.rand(1, 3, 8, 8))
    graph = read_net(source, "1x3x8x8")
    assert graph.complete, graph.unknowns
    assert isinstance(graph.output, Tensor)
    assert graph.output.shape == tuple(output.shape)
    assert graph.parameters == sum(p.numel() for p in net.parameters())


def test_which_of_two_branches_is_listed_as_unknown(read_net: ReadNet) -> None:
    graph = read_net(
        """
        import unheard_of
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 6, 3)
            def forward(self, x):
                return self.a(x) if unheard_of.flag else self.b(x)
        """,
        "1x3x8x8",
    )
    assert not graph.complete
    assert isinstance(graph.output, Tensor)
    assert graph.output.shape is not None
    assert [is_known(size) for size in graph.output.shape] == [True, False, True, True]


QUIET = {
    "an argument that must be given": """
        class Net(nn.Module):
            def __init__(self, config=None):
                super().__init__()
                self.a = nn.Conv2d(3, config.width, 3)
            def forward(self, x):
                return self.a(x)
        """,
    "a check of an argument that must be given": """
        def exists(value):
            return value is not None
        class Net(nn.Module):
            def __init__(self, blocks=None, width=None):
                super().__init__()
                assert isinstance(blocks, list)
                assert exists(width)
            def forward(self, x):
                return x
        """,
    "a check of an attribute that is set later": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.loader = None
            def forward(self, x):
                assert bool(self.loader)
                return x
        """,
    "a layer whose arguments are handed on": """
        class Conv(nn.Conv2d):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
        class Line(nn.Linear):
            def forward(self, x):
                return F.linear(x, self.weight.abs())
        class Loss(nn.L1Loss):
            pass
        """,
    "an abstract base of torch": """
        class Focal(nn.modules.loss._Loss):
            def forward(self, x, y):
                return (x - y).mean() if self.reduction == "mean" else x - y
        class Fixed(nn.modules.conv._ConvNd):
            def forward(self, x):
                return self._conv_forward(x, self.weight, self.bias)
        """,
    "a base class that leaves all to its subclasses": """
        class Segmenter(nn.Module):
            def forward(self, x):
                return self.decoder(self.encoder(x))
        """,
    "an attribute that another method sets": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Conv2d(3, 4, 3)
            def prepare(self):
                self.mask = 1
            def forward(self, x):
                return self.a(x) * self.mask
        """,
    "features that come as a list": """
        class Fuse(nn.Module):
            def forward(self, features):
                return torch.cat(features, 1) + torch.stack(features).sum(0)
        """,
    "a hook that is not run": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.kept = None
                self.a = nn.Conv2d(3, 4, 3)
                self.a.register_forward_hook(self.keep)
            def keep(self, module, given, output):
                self.kept = output
            def forward(self, x):
                self.a(x)
                return self.kept.mean()
        if __name__ == "__main__":
            Net()(torch.randn(1, 3, 8, 8))
        """,
    "anchors that must be given": """
        class Detect(nn.Module):
            def __init__(self, anchors=()):
                super().__init__()
                self.n = len(anchors[0]) // 2
            def forward(self, x):
                return x
        """,
    "amounts that are computed": """
        class Pad(nn.Module):
            def forward(self, x, y):
                return F.pad(x, torch.tensor(y.shape).flip(0).tolist())
        """,
    "a module of a library that is not read": """
        from collections import OrderedDict
        from unheard_of import Block
        class Own(Block):
            pass
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Sequential(OrderedDict(block=Own(3)))
            def forward(self, x):
                return self.a(x)
        """,
}


@pytest.mark.parametrize("name", QUIET)
def test_what_nobody_calls_proves_nothing(read_file: Callable[..., tuple[ModelGraph, ...]], name: str) -> None:
    source = HEAD + "".join(line[8:] for line in QUIET[name].splitlines(keepends=True))
    certain = [failure for graph in read_file(source) for failure in graph.failures if failure.certain]
    # What a program raises on purpose is no fault that a rule reports.
    assert not [failure for failure in certain if failure.problem.kind is not ProblemKind.PYTHON]


def test_a_layer_is_no_instance_of_a_class_that_is_not_installed(read_net: ReadNet) -> None:
    graph = read_net(
        """
        from torch import nn
        try:
            from unheard_of import FusedNorm
        except ImportError:
            FusedNorm = None
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = nn.BatchNorm2d(3)
                fused = FusedNorm is not None and isinstance(self.norm, FusedNorm)
                self.act = nn.Identity() if fused else nn.ReLU()
            def forward(self, x):
                return self.act(self.norm(x))
        """,
        "1x3x8x8",
    )
    assert graph.complete
    assert graph.modules["act"].type == "ReLU"


def test_a_file_does_not_import_itself(read_file: Callable[..., tuple[ModelGraph, ...]]) -> None:
    (graph,) = read_file(
        """
        import program
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = program.resnet18()
            def forward(self, x):
                return self.body(x)
        """
    )
    assert not graph.failures
