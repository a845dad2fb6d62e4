"""Matrix products, grids, linear algebra and Fourier transforms against torch; multiply-adds against fvcore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from fvcore.nn import FlopCountAnalysis

from cnnlint.ops.spec import Args, TensorSpec
from cnnlint.ops.tensors import FUNCTIONS


def matrices(d: Any) -> Any:
    """Two operands of ``matmul``, mostly valid."""
    rows, inner, columns = (d.int(1, 3) for _ in range(3))
    batch = d.shape(0, 2)
    left = d.pick((inner,), (rows, inner), (*batch, rows, inner), (*d.fitting(batch), rows, inner))
    right = d.pick((inner,), (inner, columns), (*batch, inner, columns), d.near((*batch, inner, columns)))
    return d.floats(left), d.pick(d.floats(right), d.tensor(right))


def fixed(*shapes: str) -> Callable[[Any], Any]:
    """Tensors whose sizes go by letters; seldom something else."""

    def draw(d: Any) -> Any:
        sizes = {letter: d.int(0, 3) for letter in "abcd"}
        return tuple(d.floats(d.near([sizes[letter] for letter in shape])) for shape in shapes)

    return draw


def equation(d: Any) -> Any:
    sizes = {letter: d.int(1, 3) for letter in "abcd"}
    terms = d.pick(
        ("ab", "bc"),
        ("abc", "abd"),
        ("ab",),
        ("aa",),
        ("abc", "cd", "da"),
        ("ab", "ab"),
        ("a", "b"),
        ("abcd", "ac"),
        ("ab", "bc", "cd"),
        ("", "a"),
    )
    used = sorted(set("".join(terms)))
    output = "".join(letter for letter in used if d.flag())
    text = ",".join(terms) + d.pick("", f"->{output}", f" -> {output[::-1]}", "->ax")
    return (text, *(d.floats(d.near([sizes[letter] for letter in term])) for term in terms))


def dotted(d: Any) -> Any:
    rows, inner, columns = (d.int(1, 3) for _ in range(3))
    batch = d.shape(0, 2)
    text = d.pick("...ij,...jk->...ik", "...ij,...jk", "i...j,jk->...k", "...ij,jk->ik...")
    return text, d.floats((*batch, rows, inner)), d.floats((*d.fitting(batch), inner, columns))


def tensordot(d: Any) -> Any:
    left, right = fixed("abc", "bcd")(d)
    return left, right, d.pick(0, 1, 2, [[1, 2], [0, 1]], ([1], [0]), [[0], [0, 1]])


def square(d: Any) -> Any:
    size = d.int(1, 3)
    batch = d.shape(0, 1)
    shape = d.near((*batch, size, size))
    tensor = d.floats(shape)
    if tensor.dim() >= 2 and tensor.shape[-1] == tensor.shape[-2]:
        tensor = tensor * 0 + torch.eye(tensor.shape[-1])
    return (tensor,)


def matrix(d: Any) -> Any:
    return (d.floats(d.shape(1, 3)).abs() + 0.5,)


def diagonal(d: Any) -> Any:
    tensor = d.tensor()
    return d.pick((tensor,), (tensor, d.int(-2, 2)), (tensor, d.int(-2, 2), d.axis(tensor.dim()), d.axis(tensor.dim())))


def triangle(d: Any) -> Any:
    return d.pick((d.tensor(d.shape(1)),), (d.tensor(d.shape(1)), d.int(-2, 2)))


def grid(d: Any) -> Any:
    tensors = [d.floats(d.pick((2,), (3,), (), (1,), d.shape())) for _ in range(d.int(1, 3))]
    return d.pick(tuple(tensors), (tensors,)), d.pick({}, {"indexing": "ij"}, {"indexing": "xy"})


def repeated(d: Any) -> Any:
    tensor = d.tensor()
    axis = d.axis(tensor.dim())
    size = tensor.shape[axis] if -tensor.dim() <= axis < tensor.dim() else 1
    times = d.pick(d.int(-1, 3), torch.tensor([2]), torch.arange(size), torch.arange(d.int(0, 4)))
    return d.pick(((tensor, times), {}), ((tensor, times, axis), {}), ((tensor, times), {"dim": axis}))


def windows(d: Any) -> Any:
    tensor = d.tensor()
    return tensor, d.axis(tensor.dim()), d.int(-1, 3), d.int(0, 3)


def signal(d: Any) -> Any:
    """Not empty: how many numbers a library for transforms takes at least is its own affair."""
    return d.floats([max(size, 1) for size in d.shape()])


def transformed(d: Any) -> Any:
    tensor = signal(d)
    return d.pick(
        ((tensor,), {}), ((tensor, d.int(0, 4)), {}), ((tensor,), {"dim": d.axis(tensor.dim()), "norm": "ortho"})
    )


def transformed_many(d: Any) -> Any:
    tensor = signal(d)
    axes = (d.axis(tensor.dim()), d.axis(tensor.dim()))
    return d.pick(
        ((tensor,), {}), ((tensor,), {"dim": axes}), ((tensor, (2, 3)), {}), ((tensor,), {"s": (2, 4), "dim": axes})
    )


def real_or_complex(d: Any) -> Any:
    return (d.pick(d.floats(), torch.ones(2, dtype=torch.complex64)),)


def two(d: Any) -> Any:
    left = d.floats()
    return left, d.floats(d.fitting(left.shape))


CASES = {
    **dict.fromkeys(("torch.matmul", "operator.matmul"), matrices),
    "torch.mm": fixed("ab", "bc"),
    "torch.bmm": fixed("abc", "acd"),
    "torch.mv": fixed("ab", "b"),
    "torch.dot": fixed("a", "a"),
    "torch.addmm": lambda d: d.pick(fixed("ac", "ab", "bc"), fixed("c", "ab", "bc"))(d),
    "torch.baddbmm": lambda d: d.pick(fixed("abd", "abc", "acd"), fixed("d", "abc", "acd"))(d),
    "torch.addbmm": fixed("bd", "abc", "acd"),
    "torch.addmv": fixed("a", "ab", "b"),
    "Tensor.addmm_": fixed("ac", "ab", "bc"),
    "torch.outer": fixed("a", "b"),
    "torch.inner": fixed("ab", "cb"),
    "torch.kron": lambda d: (d.floats(d.shape(0, 3)), d.floats(d.shape(0, 3))),
    "torch.tensordot": tensordot,
    "torch.chain_matmul": fixed("ab", "bc", "cd"),
    "torch.linalg.multi_dot": lambda d: (list(fixed("ab", "bc", "cd")(d)),),
    "torch.cdist": fixed("abd", "acd"),
    "torch.cross": lambda d: d.pick((*two(d), 0), (d.floats((2, 3)), d.floats((d.int(1, 2), 3)))),
    "torch.einsum": lambda d: d.pick(equation, equation, dotted)(d),
    **dict.fromkeys(
        (
            "torch.linalg.inv",
            "torch.inverse",
            "torch.det",
            "torch.linalg.det",
            "torch.linalg.slogdet",
            "torch.linalg.cholesky",
            "torch.cholesky",
            "torch.linalg.eigh",
            "torch.linalg.eigvalsh",
            "torch.logdet",
        ),
        square,
    ),
    "torch.linalg.matrix_power": lambda d: (*square(d), 2),
    "torch.linalg.matrix_exp": square,
    **dict.fromkeys(("torch.linalg.pinv", "torch.linalg.svdvals"), matrix),
    "torch.linalg.qr": lambda d: (*matrix(d), d.pick("reduced", "complete", "r")),
    "torch.linalg.svd": lambda d: (matrix(d), {"full_matrices": d.flag()}),
    "torch.linalg.solve": lambda d: (torch.eye(3), d.floats(d.pick((3, 2), (3, 1), (2, 2)))),
    **dict.fromkeys(("torch.tril", "Tensor.triu"), triangle),
    "torch.diagonal": diagonal,
    "torch.diag": lambda d: triangle(d),
    "torch.diag_embed": diagonal,
    "torch.trace": lambda d: (d.tensor(d.shape(1, 3)),),
    "torch.block_diag": lambda d: tuple(d.floats(d.shape(0, 2)) for _ in range(d.int(1, 3))),
    "torch.meshgrid": grid,
    "torch.broadcast_tensors": lambda d: d.pick(two(d), (two(d)[0],)),
    "torch.broadcast_shapes": lambda d: (lambda s: (s, d.fitting(s)))(d.shape()),
    "torch.repeat_interleave": repeated,
    "Tensor.unfold": windows,
    "torch.rot90": lambda d: (lambda t: (t, d.int(-1, 3), (d.axis(t.dim()), d.axis(t.dim()))))(d.tensor()),
    "torch.cartesian_prod": lambda d: tuple(d.floats(d.pick((2,), (3,), (0,), (2, 2))) for _ in range(d.int(1, 3))),
    **{f"torch.fft.{name}": transformed for name in ("fft", "ifft", "rfft", "irfft")},
    **{
        f"torch.fft.{name}": transformed_many
        for name in ("fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn")
    },
    "torch.fft.fftshift": lambda d: (lambda t: d.pick((t,), (t, d.axis(t.dim()))))(d.floats(d.shape(1))),
    "torch.fft.fftfreq": lambda d: (d.int(1, 5),),
    "torch.fft.rfftfreq": lambda d: (d.int(1, 5),),
    "torch.complex": two,
    "torch.polar": two,
    **{f"torch.{name}": real_or_complex for name in ("angle", "real", "conj", "imag")},
    "torch.view_as_complex": lambda d: (d.floats((*d.shape(0, 2), d.int(1, 2))),),
    "torch.view_as_real": lambda d: (d.pick(d.floats(), torch.ones(2, 3, dtype=torch.complex64)),),
    "torch.stft": lambda d: (
        (d.floats(d.pick((2, 9), (12,), (2,))), d.int(2, 6)),
        {
            "return_complex": True,
            "hop_length": d.pick(None, 2, 3, 0),
            "center": d.flag(),
            "onesided": d.pick(None, True, False),
        },
    ),
    "torch.as_strided": lambda d: (d.floats((3, 4)), d.pick((2, 2), (2,)), d.pick((1, 2), (2,))),
    "torch.linalg.matmul": matrices,
    "torch.hann_window": lambda d: (d.int(-1, 5),),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_torch(name: str, hold: Any) -> None:
    hold(name, CASES[name])


def counted(call: Callable[..., torch.Tensor], *tensors: torch.Tensor) -> dict[str, float]:
    class Module(torch.nn.Module):
        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            return call(*inputs)

    return dict(FlopCountAnalysis(Module(), tensors).unsupported_ops_warnings(False).by_operator())


def macs(name: str, *args: Any) -> Any:
    spec = next(spec for spec in FUNCTIONS if name in spec.names)
    specs = [TensorSpec(tuple(arg.shape)) if isinstance(arg, torch.Tensor) else arg for arg in args]
    return spec.entry(Args(spec.name, spec.signature.bind(specs, {}))).macs


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("torch.matmul", [(2, 3, 4), (4, 5)]),
        ("torch.matmul", [(2, 3, 4), (2, 4, 5)]),
        ("operator.matmul", [(7, 4), (4, 5)]),
        ("torch.mm", [(3, 4), (4, 5)]),
        ("torch.bmm", [(2, 3, 4), (2, 4, 5)]),
        ("torch.addmm", [(5,), (3, 4), (4, 5)]),
    ],
)
def test_multiply_adds_are_fvcores(name: str, shapes: list[tuple[int, ...]]) -> None:
    tensors = [torch.rand(shape) for shape in shapes]
    call = torch.matmul if name.startswith("operator") else getattr(torch, name[6:])
    assert macs(name, *tensors) == counted(call, *tensors)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("nctkv,kvw->nctw", [(2, 3, 4, 3, 5), (3, 5, 5)]),
        ("abc,abd->acd", [(2, 3, 4), (2, 3, 5)]),
        ("abc,adc->adb", [(2, 3, 4), (2, 5, 4)]),
        (
            "ab,bc,cd->ad",
            [
                (
                    2,
                    9,
                ),
                (9, 3),
                (3, 7),
            ],
        ),
        (
            "ab,bc,cd,de->ae",
            [
                (
                    2,
                    9,
                ),
                (9, 3),
                (3, 7),
                (7, 2),
            ],
        ),
        ("bi,bi->b", [(4, 6), (4, 6)]),
    ],
)
def test_einsum_multiply_adds_are_fvcores(equation: str, shapes: list[tuple[int, ...]]) -> None:
    """Numpy prints the count with four digits, so fvcore knows no more."""
    tensors = [torch.rand(shape) for shape in shapes]
    theirs = counted(lambda *operands: torch.einsum(equation, *operands), *tensors)["einsum"]
    assert macs("torch.einsum", equation, *tensors)["einsum"] == pytest.approx(theirs, rel=1e-3, abs=1)
