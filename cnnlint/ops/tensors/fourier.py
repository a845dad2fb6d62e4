"""Fourier transforms and the parts of complex numbers."""

from __future__ import annotations

from cnnlint.graph.dims import Dim, differ, less
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import Elementwise, Factory, Opaque, Reshape, ReshapeKind
from cnnlint.ops.reading import like, shown
from cnnlint.ops.spec import UNKNOWN, Args, Entry, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import wants_broadcast
from cnnlint.ops.tensors.define import both, function, method
from cnnlint.ops.tensors.dtypes import is_complex, to_float, to_real, wanted_dtype
from cnnlint.ops.tensors.factories import OPTIONS
from cnnlint.ops.tensors.sizes import axes_of, text_of

_COMPLEX = {"float32": "complex64", "float64": "complex128", "float16": "complex32"}


def to_complex(dtype: str | None) -> str | None:
    """The complex type of the same precision."""
    return dtype if is_complex(dtype) else _COMPLEX.get(to_float(dtype) or "")


def _transform(name: str, kind: str, rank: int | None) -> Entry:
    """``kind`` is ``c`` (complex to complex), ``r`` (real to half a spectrum) or ``i`` (half a spectrum to real);
    ``rank`` the number of axes, ``None`` for as many as are asked for."""

    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        shape = list(tensor.shape or ())
        key, sizes = ("dim", args.bound["n"]) if rank == 1 else ("dim", args.bound["s"])
        if kind == "r" and is_complex(tensor.dtype):
            refuse(ProblemKind.DTYPE, "needs a real input", expected="float32", got=tensor.dtype)
        given = args.bound[key]
        wanted = len(sizes) if given is None and isinstance(sizes, list | tuple) else len(shape)
        axes = tuple(range(len(shape) - wanted, len(shape))) if given is None else axes_of(args, key, len(shape))
        if wanted > len(shape) or (not shape and (rank or axes or kind != "c")):
            refuse(ProblemKind.RANK, f"transforms more axes than {shown(tuple(shape))} has", got=len(shape))
        lengths = _lengths(args, sizes, len(axes))
        for axis, length in zip(axes, lengths, strict=True):
            shape[axis] = shape[axis] if length is None else length
        if kind == "i" and axes and lengths[-1] is None:
            shape[axes[-1]] = 2 * (shape[axes[-1]] - 1)
        if any(less(shape[axis], 1) for axis in axes):
            refuse(ProblemKind.ARGUMENT, f"would transform an axis without positions: {shown(tuple(shape))}")
        if kind == "r" and axes:
            shape[axes[-1]] = shape[axes[-1]] // 2 + 1
        dtype = to_real(to_complex(tensor.dtype)) if kind == "i" else to_complex(tensor.dtype)
        return Result(TensorSpec(tuple(shape), dtype), Opaque(name))

    return entry


def _lengths(args: Args, given: object, axes: int) -> list[Dim | None]:
    if given is None:
        return [None] * axes
    if given is UNKNOWN and axes != 1:
        raise Unclear(f"{args.name}: the lengths are not known")
    items = given if isinstance(given, list | tuple) else (given,)
    if len(items) != axes:
        refuse(ProblemKind.ARGUMENT, f"gives {len(items)} lengths for {axes} axes", expected=axes, got=len(items))
    lengths: list[Dim | None] = [Args(args.name, {"s": item}).dim("s") for item in items]
    return [None if isinstance(length, int) and length == -1 else length for length in lengths]


def _transforms() -> list[FunctionSpec]:
    found = []
    for prefix, kind in (("", "c"), ("i", "c"), ("r", "r"), ("ir", "i")):
        one, two, many = (f"fft.{prefix}fft{suffix}" for suffix in ("", "2", "n"))
        found += [
            function(one, "input, n=None, dim=-1, norm=None, *, out=None", _transform(one[4:], kind, 1)),
            function(two, "input, s=None, dim=(-2, -1), norm=None, *, out=None", _transform(two[4:], kind, 2)),
            function(many, "input, s=None, dim=None, norm=None, *, out=None", _transform(many[4:], kind, None)),
        ]
    return found


def _shift(args: Args) -> Result:
    tensor = args.tensor("input")
    if args.given("dim"):
        axes_of(args, "dim", len(tensor.shape or ()))
    return Result(like(tensor), Opaque("fftshift"))


def _frequencies(half: bool) -> Entry:
    def entry(args: Args) -> Result:
        size = args.dim("n")
        if less(size, 0):
            refuse(ProblemKind.ARGUMENT, f"needs a positive n, gets {text_of(size)}", got=size)
        return Result(TensorSpec((size // 2 + 1 if half else size,), wanted_dtype(args, "float32")), Factory("fftfreq"))

    return entry


def _parts(name: str) -> Entry:
    def entry(args: Args) -> Result:
        tensor = args.tensor("input")
        if name == "imag" and tensor.dtype is not None and not is_complex(tensor.dtype):
            refuse(ProblemKind.DTYPE, "needs a complex input", expected="complex64", got=tensor.dtype)
        dtype = to_float(tensor.dtype) if name == "angle" else tensor.dtype
        out = dtype if name == "conj" else to_real(dtype)
        return Result(TensorSpec(tensor.shape, out), Elementwise(name, linear=name != "angle"))

    return entry


def _pair(name: str, keys: tuple[str, str]) -> Entry:
    """``complex`` and ``polar``: a complex tensor from two real ones."""

    def entry(args: Args) -> Result:
        left, right = (args.tensor(key) for key in keys)
        dtypes = {tensor.dtype for tensor in (left, right)} - {None}
        if len(dtypes) > 1 or not dtypes <= {"float16", "float32", "float64"}:
            refuse(ProblemKind.DTYPE, "needs two floating-point tensors of one type", got=right.dtype)
        shape = wants_broadcast([left.shape or (), right.shape or ()])
        return Result(TensorSpec(shape, to_complex(left.dtype)), Elementwise(name))

    return entry


def _as_real(args: Args) -> Result:
    tensor = args.tensor("input")
    _wants_complex(tensor, True)
    target = (*(tensor.shape or ()), 2)
    return Result(TensorSpec(target, to_real(tensor.dtype)), Reshape("view_as_real", ReshapeKind.VIEW))


def _as_complex(args: Args) -> Result:
    tensor = args.tensor("input")
    shape = tensor.shape or ()
    _wants_complex(tensor, False)
    if not shape or differ(shape[-1], 2):
        refuse(ProblemKind.RESHAPE, f"needs a last axis of size 2, gets {shown(shape)}", expected=2)
    return Result(TensorSpec(shape[:-1], to_complex(tensor.dtype)), Reshape("view_as_complex", ReshapeKind.VIEW))


def _wants_complex(tensor: TensorLike, wanted: bool) -> None:
    good = is_complex(tensor.dtype) if wanted else tensor.dtype in _COMPLEX
    if tensor.dtype is not None and not good:
        word = "complex" if wanted else "floating-point"
        refuse(ProblemKind.DTYPE, f"needs a {word} input, gets {tensor.dtype}", got=tensor.dtype)


def _window(name: str) -> FunctionSpec:
    """A window of a signal: ``hann_window`` and kin."""

    def entry(args: Args) -> Result:
        size = args.dim("window_length")
        if less(size, 0):
            refuse(ProblemKind.ARGUMENT, f"needs a length that is not negative, gets {text_of(size)}", got=size)
        return Result(TensorSpec((size,), wanted_dtype(args, "float32")), Factory(name))

    return function(name, f"window_length, periodic=True, *args, {OPTIONS}", entry)


def _stft(args: Args) -> Result:
    """Spectra of windows ``hop_length`` apart: ``(..., n_fft // 2 + 1, frames)``, and 2 more where not complex."""
    tensor, size = args.tensor("input"), args.dim("n_fft")
    shape = tensor.shape or ()
    if not 1 <= len(shape) <= 2:
        refuse(ProblemKind.RANK, f"needs 1 or 2 axes, gets {shown(shape)}", expected="1 or 2", got=len(shape))
    hop: Dim = args.dim("hop_length") if args.given("hop_length") else size // 4
    length = shape[-1] + 2 * (size // 2) if args.flag("center") else shape[-1]
    if args.flag("center") and args.bound["pad_mode"] == "reflect" and less(shape[-1] - 1, size // 2):
        refuse(ProblemKind.ARGUMENT, f"reflects {text_of(size // 2)} positions of {shown(shape)}", got=shape)
    if less(size, 1) or less(length, size) or less(hop, 1):
        refuse(ProblemKind.ARGUMENT, f"takes windows of {text_of(size)} at step {text_of(hop)} from {shown(shape)}")
    if not differ(hop, 0):
        raise Unclear(f"{args.name}: hop_length is not known")
    onesided = not is_complex(tensor.dtype) if args.bound["onesided"] is None else args.flag("onesided")
    bins = size // 2 + 1 if onesided else size
    spectrum = (*shape[:-1], bins, 1 + (length - size) // hop)
    if args.flag("return_complex"):
        return Result(TensorSpec(spectrum, to_complex(tensor.dtype)), Opaque("stft"))
    return Result(TensorSpec((*spectrum, 2), tensor.dtype), Opaque("stft"))


_STFT = (
    "input, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode='reflect', normalized=False,"
    " onesided=None, return_complex=None, align_to_window=None"
)

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *_transforms(),
    function("fft.fftshift", "input, dim=None", _shift, "fft.ifftshift"),
    function("fft.fftfreq", f"n, d=1.0, *, {OPTIONS}", _frequencies(False)),
    function("fft.rfftfreq", f"n, d=1.0, *, {OPTIONS}", _frequencies(True)),
    *(both(name, "input", _parts(name)) for name in ("conj", "angle")),
    *(function(name, "input", _parts(name)) for name in ("real", "imag")),
    *(method(name, "input", _parts(name)) for name in ("real", "imag")),
    function("complex", "real, imag, *, out=None", _pair("complex", ("real", "imag"))),
    function("polar", "abs, angle, *, out=None", _pair("polar", ("abs", "angle"))),
    function("view_as_real", "input", _as_real),
    function("view_as_complex", "input", _as_complex),
    both("stft", _STFT, _stft),
    *(_window(name) for name in ("hann_window", "hamming_window", "blackman_window", "bartlett_window")),
)
