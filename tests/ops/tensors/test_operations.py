"""What rules see of a call: its operation, its symbolic shapes, and the words of its refusals."""

from __future__ import annotations

from typing import Any

import pytest

from cnnlint.graph.dims import BATCH, show, symbol
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import (
    Elementwise,
    Factory,
    Identity,
    MatrixProduct,
    Merge,
    MergeKind,
    Operation,
    Reduction,
    Reshape,
    ReshapeKind,
    Slice,
)
from cnnlint.ops.spec import UNKNOWN, Args, Refused, Result, TensorSpec, Unclear
from cnnlint.ops.tensors import FUNCTIONS

BY_NAME = {name: spec for spec in FUNCTIONS for name in spec.names}
H, W = symbol("H"), symbol("W")
IMAGE = TensorSpec((BATCH, 64, H, W))
SMALL = TensorSpec((BATCH, 512, 7, 7))
ROW = TensorSpec((4,), "float32", (1.0, 2.0, 4.0, 8.0))


def call(name: str, *args: Any, **kwargs: Any) -> Result:
    spec = BY_NAME[name]
    return spec.entry(Args(spec.name, spec.signature.bind(args, kwargs)))


def refused(name: str, *args: Any, **kwargs: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        call(name, *args, **kwargs)
    return caught.value


def shape(result: Result) -> str:
    return " ".join(show(size) or "?" for size in result.output.shape)


FLATTEN = ReshapeKind.FLATTEN
OPERATIONS: list[tuple[Result, Operation]] = [
    (call("operator.add", IMAGE, IMAGE), Merge("add", MergeKind.ADD)),
    (call("Tensor.add_", IMAGE, IMAGE), Merge("add", MergeKind.ADD, inplace=True)),
    (call("operator.iadd", IMAGE, IMAGE), Merge("add", MergeKind.ADD, inplace=True)),
    (call("operator.mul", IMAGE, TensorSpec((BATCH, 64, 1, 1))), Merge("mul", MergeKind.MULTIPLY)),
    (call("operator.mul", IMAGE, 0.5), Elementwise("mul", linear=True)),
    (call("operator.sub", 1, IMAGE), Elementwise("sub", linear=True)),
    (call("operator.truediv", IMAGE, 2), Elementwise("div", linear=True)),
    (call("operator.truediv", 2, IMAGE), Elementwise("div")),
    (call("operator.pow", IMAGE, 2), Elementwise("pow")),
    (call("operator.gt", IMAGE, 0), Elementwise("gt")),
    (call("torch.exp", IMAGE), Elementwise("exp")),
    (call("Tensor.clamp_", IMAGE, 0, 6), Elementwise("clamp", inplace=True)),
    (call("torch.cat", [IMAGE, IMAGE], 1), Merge("cat", MergeKind.CONCATENATE, 1)),
    (call("torch.cat", [IMAGE, IMAGE], dim=-3), Merge("cat", MergeKind.CONCATENATE, 1)),
    (call("torch.stack", [IMAGE, IMAGE]), Merge("stack", MergeKind.CONCATENATE, 0)),
    (call("torch.flatten", IMAGE, 1), Reshape("flatten", FLATTEN, start=1, end=3)),
    (call("Tensor.view", IMAGE, BATCH, -1), Reshape("view", FLATTEN, start=1, end=3, sizes=(BATCH, -1))),
    (call("Tensor.view", SMALL, -1, 25088), Reshape("view", FLATTEN, start=1, end=3, sizes=(-1, 25088))),
    (
        call("Tensor.reshape", SMALL, (BATCH, 512, -1)),
        Reshape("reshape", FLATTEN, start=2, end=3, sizes=(BATCH, 512, -1)),
    ),
    (call("Tensor.view", SMALL, BATCH, 2, 256, 7, 7), Reshape("view", ReshapeKind.VIEW, sizes=(BATCH, 2, 256, 7, 7))),
    (call("Tensor.view", TensorSpec((1, 512, 1, 1)), 1, -1), Reshape("view", FLATTEN, start=1, end=3, sizes=(1, -1))),
    (call("Tensor.permute", IMAGE, 0, 2, 3, 1), Reshape("permute", ReshapeKind.PERMUTE, order=(0, 2, 3, 1))),
    (call("Tensor.transpose", IMAGE, 1, -1), Reshape("transpose", ReshapeKind.PERMUTE, order=(0, 3, 2, 1))),
    (call("Tensor.unsqueeze", IMAGE, -1), Reshape("unsqueeze", ReshapeKind.SQUEEZE)),
    (call("Tensor.expand", TensorSpec((1, 3)), 4, -1), Reshape("expand", ReshapeKind.EXPAND, sizes=(4, -1))),
    (call("Tensor.mean", IMAGE, (-1, -2)), Reduction("mean", (2, 3))),
    (call("torch.mean", IMAGE, dim=[2, 3], keepdim=True), Reduction("mean", (2, 3), True)),
    (call("torch.max", IMAGE, 1), Reduction("max", (1,))),
    (call("torch.matmul", TensorSpec((2, 3, 4)), TensorSpec((2, 4, 5))), MatrixProduct("matmul")),
    (call("operator.getitem", IMAGE, (slice(None), 0)), Slice("getitem")),
    (call("Tensor.chunk", IMAGE, 2, 1), Slice("chunk")),
    (call("Tensor.contiguous", IMAGE), Identity("contiguous")),
    (call("Tensor.to", IMAGE, "torch.float16"), Identity("to")),
    (call("torch.zeros", 2, 3), Factory("zeros")),
]


@pytest.mark.parametrize(("result", "operation"), OPERATIONS, ids=lambda value: getattr(value, "name", ""))
def test_operation(result: Result, operation: Operation) -> None:
    assert result.op == operation


SHAPES = [
    (call("torch.flatten", IMAGE, 1), "N 64*H*W"),
    (call("Tensor.view", IMAGE, BATCH, -1), "N 64*H*W"),
    (call("Tensor.view", SMALL, -1, 25088), "N 25088"),
    (call("Tensor.view", SMALL, -1, 400), "? 400"),
    (call("Tensor.view", IMAGE, BATCH, 8, 8, H, W), "N 8 8 H W"),
    (call("Tensor.view", IMAGE, -1, H, W), "64*N H W"),
    (
        call("operator.getitem", IMAGE, (slice(None), slice(None), slice(0, None, 2), slice(1, None, 2))),
        "N 64 (H + 1)//2 W//2",
    ),
    (call("operator.getitem", IMAGE, (..., slice(None, -1), None)), "N 64 H W - 1 1"),
    (call("operator.getitem", IMAGE, (slice(None), slice(None, 32))), "N 32 H W"),
    (call("operator.getitem", IMAGE, (slice(None), slice(None), slice(None, 10))), "N 64 ? W"),
    (call("operator.add", IMAGE, TensorSpec((64, 1, 1))), "N 64 H W"),
    (call("operator.add", IMAGE, TensorSpec((BATCH, 64, 56, 56))), "N 64 56 56"),
    (call("torch.cat", [IMAGE, TensorSpec((BATCH, 3, H, W))], 1), "N 67 H W"),
    (call("torch.squeeze", TensorSpec((BATCH, 10, 1, 1))), "N 10"),
    (call("torch.squeeze", TensorSpec((BATCH, 10, H, 1)), 3), "N 10 H"),
    (call("Tensor.repeat", IMAGE, 1, 2, 1, 1), "N 128 H W"),
    (call("torch.arange", H), "H"),
    (call("torch.zeros", BATCH, H // 2), "N H//2"),
    (call("Tensor.unfold", IMAGE, 2, 2, 2), "N 64 H//2 W 2"),
]


@pytest.mark.parametrize(("result", "expected"), SHAPES, ids=lambda value: value if isinstance(value, str) else "")
def test_symbolic_shape(result: Result, expected: str) -> None:
    assert shape(result) == expected


REFUSALS = [
    (
        "operator.add",
        (TensorSpec((1, 64, 56, 56)), TensorSpec((1, 128, 56, 56))),
        ProblemKind.BROADCAST,
        "gets shapes (1, 64, 56, 56) and (1, 128, 56, 56), which do not broadcast on axis 1",
    ),
    (
        "torch.cat",
        ([TensorSpec((1, 64, 56, 56)), TensorSpec((1, 64, 28, 28))], 1),
        ProblemKind.CONCATENATE,
        "joins shapes (1, 64, 56, 56) and (1, 64, 28, 28) along axis 1, but tensor 1 differs on axis 2",
    ),
    (
        "Tensor.view",
        (TensorSpec((2, 512, 7, 7)), 2, 25000),
        ProblemKind.RESHAPE,
        "cannot give 50176 elements of shape (2, 512, 7, 7) the shape (2, 25000)",
    ),
    (
        "torch.matmul",
        (TensorSpec((2, 3)), TensorSpec((4, 5))),
        ProblemKind.MATRIX,
        "multiplies shapes (2, 3) and (4, 5), whose inner sizes 3 and 4 differ",
    ),
    (
        "operator.getitem",
        (TensorSpec((2, 3)), (0, 3)),
        ProblemKind.INDEX,
        "takes position 3 of axis 0, which has 3 positions",
    ),
    (
        "operator.getitem",
        (TensorSpec((2, 3)), (0, 0, 0)),
        ProblemKind.INDEX,
        "indexes 3 axes of a tensor with 2 axes: (2, 3)",
    ),
    ("torch.mean", (TensorSpec((2, 3), "int64"),), ProblemKind.DTYPE, "cannot compute mean of int64 tensors"),
    ("torch.sum", (TensorSpec((2, 3)), 2), ProblemKind.INDEX, "dim=2 is no axis of a tensor with 2 axes"),
    ("Tensor.permute", (IMAGE, 0, 2, 1), ProblemKind.RANK, "permutes 3 axes of a tensor with shape (N, 64, H, W)"),
]


@pytest.mark.parametrize(("name", "args", "kind", "text"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_refusal(name: str, args: tuple[Any, ...], kind: ProblemKind, text: str) -> None:
    problem = refused(name, *args).problem
    assert (problem.kind, problem.text) == (kind, text)


def test_a_refused_merge_says_what_would_come_out() -> None:
    result = refused("operator.add", TensorSpec((1, 64, 8, 8)), TensorSpec((1, 32, 8, 8))).result
    assert result is not None
    assert result.op == Merge("add", MergeKind.ADD)
    assert result.output.shape == (1, 64, 8, 8)


def values(name: str, *args: Any, **kwargs: Any) -> Any:
    return call(name, *args, **kwargs).output.values


def test_stochastic_depth_rates() -> None:
    rates = call("Tensor.tolist", call("torch.linspace", 0, 0.1, 5).output).output
    assert rates == pytest.approx([0.0, 0.025, 0.05, 0.075, 0.1])
    assert (
        call("Tensor.item", call("operator.getitem", call("torch.linspace", 0, 0.1, 5).output, 4).output).output == 0.1
    )


def test_regnet_widths() -> None:
    """Quantised linear widths, as RegNet's authors compute them."""
    steps = call("torch.arange", 4).output
    continuous = call("operator.add", call("operator.mul", steps, 24.48).output, 48).output
    scaled = call(
        "operator.truediv", call("torch.log", call("operator.truediv", continuous, 48).output).output, 0.9
    ).output
    powers = call("operator.pow", 2.49, call("torch.round", scaled).output).output
    eighths = call("torch.round", call("torch.divide", call("operator.mul", powers, 48).output, 8).output).output
    widths = call("operator.mul", eighths, 8).output
    assert call("Tensor.tolist", call("Tensor.int", widths).output).output == [48, 48, 120, 120]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (values("torch.round", TensorSpec((4,), "float32", (0.5, 1.5, 2.5, -0.5))), (0.0, 2.0, 2.0, 0.0)),
        (values("torch.div", TensorSpec((2,), "int64", (7, -7)), 2, rounding_mode="trunc"), (3, -3)),
        (values("operator.floordiv", TensorSpec((2,), "int64", (7, -7)), 2), (3, -4)),
        (values("operator.getitem", ROW, slice(1, None, 2)), (2.0, 8.0)),
        (values("torch.cat", [ROW, ROW]), (1.0, 2.0, 4.0, 8.0) * 2),
        (values("torch.cumsum", ROW, 0), (1.0, 3.0, 7.0, 15.0)),
        (values("Tensor.sum", ROW), (15.0,)),
        (values("torch.flip", ROW, [0]), (8.0, 4.0, 2.0, 1.0)),
        (values("Tensor.int", TensorSpec((2,), "float32", (1.9, -1.9))), (1, -1)),
        (values("torch.zeros", 100, 100), None),
        (values("operator.add", ROW, IMAGE.shape[2]), None),
    ],
)
def test_values(found: Any, expected: Any) -> None:
    assert found == expected


def test_elements_that_are_not_known_are_not_clear() -> None:
    with pytest.raises(Unclear):
        call("Tensor.item", TensorSpec(()))
    with pytest.raises(Unclear):
        call("operator.add", IMAGE, UNKNOWN)


def test_squeeze_of_an_axis_that_may_be_one_is_not_clear() -> None:
    with pytest.raises(Unclear):
        call("torch.squeeze", TensorSpec((BATCH, 10, H, 1)))


def test_sizes_are_plain_values() -> None:
    assert call("Tensor.size", IMAGE) == Result(IMAGE.shape)
    assert call("Tensor.size", IMAGE, -1) == Result(W)
    assert call("Tensor.dim", IMAGE) == Result(4)
    assert show(call("Tensor.numel", IMAGE).output) == "64*H*N*W"


def test_compared_with_none() -> None:
    assert call("operator.eq", IMAGE, None) == Result(False)
    assert call("operator.ne", IMAGE, None) == Result(True)
