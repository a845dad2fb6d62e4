"""``torch.utils.data``: data sets and loaders as a running program sees them. Batches have the shapes and types that
``default_collate`` gives samples; what they hold is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cnnlint.graph.dims import Dim, same
from cnnlint.graph.model import Tensor
from cnnlint.ops.spec import Refused, Signature
from cnnlint.static.library.define import Args, Kwargs, Table
from cnnlint.static.signals import Raised
from cnnlint.static.values import (
    Class,
    Instance,
    Native,
    Site,
    TensorValue,
    Unknown,
    Value,
)  # fmt: skip

if TYPE_CHECKING:
    from cnnlint.static.interpreter import Interpreter

LOADING = Table()

MAX_BATCHES = 20_000
_LOADER = Signature(
    "dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None, "
    "pin_memory=False, drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None, generator=None, "
    "*, prefetch_factor=None, persistent_workers=False, pin_memory_device='', in_order=True"
)


def _length(it: Interpreter, data: Value, site: Site) -> Value:
    from cnnlint.static.builtins import length

    if isinstance(data, Unknown):
        return data
    return length(it, [data], {}, site)


def _sample(it: Interpreter, data: Value, index: int, site: Site) -> Value:
    from cnnlint.static.subscripts import get_item

    return get_item(it, data, index, site)


# ---- data sets ----------------------------------------------------------------------------------------------------


def _tensors_item(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return tuple(_sample(it, tensor, args[1], site) for tensor in args[0].attrs["tensors"])


def _tensors_length(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return _length(it, args[0].attrs["tensors"][0], site)


_TENSORS = Class(
    "TensorDataset",
    native={"__getitem__": Native("__getitem__", _tensors_item), "__len__": Native("__len__", _tensors_length)},
)


@LOADING.add("torch.utils.data.TensorDataset", "torch.utils.data.dataset.TensorDataset")
def _tensor_dataset(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    sizes = [arg.shape[0] if isinstance(arg, TensorValue) and arg.shape else None for arg in args]
    known = [size for size in sizes if isinstance(size, int)]
    if len(set(known)) > 1:
        raise Raised(AssertionError, f"size mismatch between tensors: {', '.join(map(str, known))} samples")
    if not args or None in sizes:
        return it.unknown("a data set that is not known", site)
    return Instance(_TENSORS, {"tensors": tuple(args)})


def _subset_item(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return _sample(it, args[0].attrs["dataset"], 0, site)


def _subset_length(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    return args[0].attrs["length"]


_SUBSET = Class(
    "Subset", native={"__getitem__": Native("__getitem__", _subset_item), "__len__": Native("__len__", _subset_length)}
)


def _subset(it: Interpreter, data: Value, length: Value, site: Site) -> Instance:
    indices = it.unknown("the indices of a subset", site)
    return Instance(_SUBSET, {"dataset": data, "length": length, "indices": indices})


@LOADING.add("torch.utils.data.Subset", "torch.utils.data.dataset.Subset")
def _make_subset(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    if len(args) != 2:
        return it.unknown("a subset that is not known", site)
    return _subset(it, args[0], _length(it, args[1], site), site)


@LOADING.add("torch.utils.data.random_split", "torch.utils.data.dataset.random_split")
def _random_split(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    data = args[0] if args else kwargs.get("dataset")
    lengths = args[1] if len(args) > 1 else kwargs.get("lengths")
    if not isinstance(lengths, list | tuple) or it.haze(lengths):
        return it.unknown("a split that is not known", site)
    total = _length(it, data, site)
    if all(type(length) is int for length in lengths) and type(total) is int and sum(lengths) != total:
        raise Raised(ValueError, "sum of input lengths does not equal the length of the input dataset")
    if isinstance(total, int) and all(isinstance(length, float) for length in lengths):
        return [_subset(it, data, length, site) for length in _shares(total, list(lengths))]
    sizes = [length if type(length) is int else it.unknown("the size of a split", site) for length in lengths]
    return [_subset(it, data, size, site) for size in sizes]


def _shares(total: int, fractions: list[float]) -> list[int]:
    """Fractions of a data set as torch rounds them: down, what is left goes around."""
    sizes = [int(total * fraction) for fraction in fractions]
    for index in range(total - sum(sizes)):
        sizes[index % len(sizes)] += 1
    return sizes


# ---- loaders ------------------------------------------------------------------------------------------------------


def _loader_batches(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    given = args[0].attrs["given"]
    sizes = _sizes(it, given, site)
    if sizes is None or any(given[key] is not None for key in ("sampler", "batch_sampler")):
        return it.unknown("the batches of a data set that is not known", site)
    return list(_batches(it, given, sizes, site)) if len(sizes) <= MAX_BATCHES else it.unknown("many batches", site)


def _loader_length(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    sizes = _sizes(it, args[0].attrs["given"], site)
    return it.unknown("the number of batches", site) if sizes is None else len(sizes)


def _sizes(it: Interpreter, given: dict[str, Value], site: Site) -> list[int] | None:
    """The sizes of the batches in order."""
    total, size, drop = _length(it, given["dataset"], site), given["batch_size"], given["drop_last"]
    if not isinstance(total, int) or type(size) is not int or size < 1 or not isinstance(drop, bool):
        return None
    whole, rest = divmod(total, size)
    return [size] * whole + ([rest] if rest and not drop else [])


def _batches(it: Interpreter, given: dict[str, Value], sizes: list[int], site: Site) -> Iterator[Value]:
    """Collated batches. Samples are taken to be alike if the first, the second and the last are."""
    total = sum(sizes)
    if not total:
        return
    samples = [_sample(it, given["dataset"], index, site) for index in sorted({0, min(1, total - 1), total - 1})]
    collate = given["collate_fn"]
    for size in sizes:
        if collate is None:
            yield _collated(it, samples, size, site)
        else:
            from cnnlint.static.calls import call

            chosen = (samples * size)[:size]
            yield call(it, collate, [chosen], {}, site)


def _collated(it: Interpreter, samples: list[Value], size: int, site: Site) -> Value:
    """What ``default_collate`` makes of ``size`` samples like these."""
    first = samples[0]
    if isinstance(first, TensorValue):
        return _stacked(it, samples, size, site)
    if isinstance(first, bool | int):
        return TensorValue(Tensor((size,), "int64"))
    if isinstance(first, float):
        return TensorValue(Tensor((size,), "float64"))
    if isinstance(first, str):
        return [it.unknown("a text of a batch", site) for _ in range(size)]
    if isinstance(first, dict) and all(isinstance(s, dict) and s.keys() == first.keys() for s in samples):
        return {key: _collated(it, [sample[key] for sample in samples], size, site) for key in first}
    if isinstance(first, tuple | list):
        if any(not isinstance(s, tuple | list) or len(s) != len(first) for s in samples):
            return it.unknown("a batch of samples that are not alike", site)
        return [_collated(it, list(items), size, site) for items in zip(*samples, strict=True)]
    if first is None:
        raise Raised(TypeError, "default_collate: batch must contain tensors, numbers, dicts or lists; found NoneType")
    return _of_array(it, first, size, site)


def _of_array(it: Interpreter, sample: Value, size: int, site: Site) -> Value:
    from cnnlint.static.library.arrays import ArrayValue

    if isinstance(sample, ArrayValue) and sample.shape is not None:
        return TensorValue(Tensor((size, *sample.shape), sample.dtype))
    return it.unknown("a batch of something that is not known", site)


def _stacked(it: Interpreter, samples: list[Value], size: int, site: Site) -> Value:
    shapes = [sample.shape if isinstance(sample, TensorValue) else None for sample in samples]
    if any(shape is None for shape in shapes):
        return it.unknown("a batch of something that is not known", site)
    shape = shapes[0] or ()
    if any(len(other or ()) != len(shape) or not _alike(shape, other or ()) for other in shapes):
        return it.unknown("a batch of samples that are not alike", site)
    return TensorValue(Tensor((size, *shape), samples[0].dtype))


def _alike(one: tuple[Dim, ...], other: tuple[Dim, ...]) -> bool:
    return all(map(same, one, other))


_LOADER_CLASS = Class(
    "DataLoader",
    native={"__iter__": Native("__iter__", _loader_batches), "__len__": Native("__len__", _loader_length)},
)
_LOADER_CLASS.traits.add("unresolved")


@LOADING.add("torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader")
def _data_loader(it: Interpreter, args: Args, kwargs: Kwargs, site: Site) -> Value:
    try:
        given = _LOADER.bind(args, kwargs)
    except Refused as refused:
        raise Raised.by_torch(refused.problem, "DataLoader") from None
    shown = {key: given[key] for key in ("dataset", "batch_size", "num_workers", "drop_last")}
    return Instance(_LOADER_CLASS, {**shown, "given": given})
