"""Losses and distances against torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]
FLAG = st.booleans()
COUNT = st.integers(1, 3)
REDUCTION = st.sampled_from(["none", "none", "mean", "sum", "batchmean"])
OLDER = st.sampled_from([None, None, True, False])
OLD = {"reduction": REDUCTION, "size_average": OLDER, "reduce": OLDER}


def shapes(low: int = 0, high: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    return st.lists(COUNT, min_size=low, max_size=high).map(tuple)


@st.composite
def elements(draw: Draw, count: int = 2, **options: st.SearchStrategy[Any]) -> Any:
    """Tensors of one shape, or of shapes that may broadcast."""
    shape = draw(shapes())
    other = st.sampled_from([shape] * 6 + [shape[1:], (1, *shape[1:]), (*shape, 2), (2, *shape)])
    build = draw(st.fixed_dictionaries({}, optional={**OLD, **options}))
    return build, tuple(torch.full(draw(other), 0.5) for _ in range(count)), {}


@st.composite
def new_elements(draw: Draw, **options: st.SearchStrategy[Any]) -> Any:
    build, args, kwargs = draw(elements(2, **options))
    return {key: value for key, value in build.items() if key not in ("size_average", "reduce")}, args, kwargs


@st.composite
def classes(draw: Draw, probabilities: bool, rest: bool = True, **options: st.SearchStrategy[Any]) -> Any:
    """Input (N, C, *) or (C,) and its target."""
    build = draw(st.fixed_dictionaries({}, optional={**OLD, **options}))
    width, front = draw(COUNT), draw(st.sampled_from([(), (2,), (2,), (1,)]))
    behind = draw(shapes(0, 2)) if rest and front else ()
    if draw(st.integers(0, 2)) == 0:
        build["weight"] = torch.ones(draw(st.sampled_from([width, width, width, width + 1])))
    target = (*front, *behind)
    dtype = draw(st.sampled_from([torch.int64] * 6 + [torch.int32, torch.float32]))
    found = draw(st.sampled_from([target] * 6 + [(2,), (*target, 1)]))
    labels = torch.full(found, draw(st.integers(-1, width)), dtype=dtype)
    if probabilities and draw(FLAG):
        kind = draw(st.sampled_from([torch.float32, torch.float32, torch.int64]))
        labels = torch.ones(*front, width, *behind, dtype=kind)
    return build, (torch.ones(*front, width, *behind), labels), {}


@st.composite
def labels(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    target = draw(st.sampled_from([shape] * 5 + [(2,), (*shape, 1)]))
    return (
        draw(st.fixed_dictionaries({}, optional=OLD)),
        (torch.ones(shape), torch.zeros(target, dtype=torch.int64)),
        {},
    )


@st.composite
def cosine_embedding(draw: Draw) -> Any:
    front, width = draw(shapes(0, 2)), draw(COUNT)
    build = draw(st.fixed_dictionaries({}, optional=OLD))
    target = draw(st.sampled_from([front, front, (2,)]))
    return build, (torch.ones(*front, width), torch.ones(*front, width), torch.ones(target)), {}


@st.composite
def gaussian(draw: Draw) -> Any:
    shape = draw(shapes(0, 3))
    variance = draw(st.sampled_from([shape] * 3 + [shape[:-1], (*shape[:-1], 1), (1, *shape[1:]), (2, *shape)]))
    build = draw(st.fixed_dictionaries({}, optional={"reduction": REDUCTION, "full": FLAG}))
    return build, (torch.ones(shape), torch.ones(shape), torch.ones(variance)), {}


@st.composite
def triplets(draw: Draw, old: bool) -> Any:
    build, args, kwargs = draw(elements(3, swap=FLAG, margin=st.sampled_from([0.5, 1.0])))
    if not old:
        build = {key: value for key, value in build.items() if key not in ("size_average", "reduce")}
    return build, args, kwargs


@st.composite
def distances(draw: Draw, **options: st.SearchStrategy[Any]) -> Any:
    _, args, kwargs = draw(elements(2))
    return draw(st.fixed_dictionaries({}, optional=options)), args, kwargs


@st.composite
def sequences(draw: Draw) -> Any:
    batch = draw(st.sampled_from([[2], [2], []]))
    log_probs = torch.zeros([4, *batch, 3])
    lengths = torch.full(batch, 4), torch.full(batch, 2)
    build = draw(st.fixed_dictionaries({}, optional={"reduction": REDUCTION, "zero_infinity": FLAG}))
    return build, (log_probs, torch.ones([*batch, 2], dtype=torch.int64), *lengths), {}


CASES: dict[str, st.SearchStrategy[Any]] = {
    "L1Loss": elements(),
    "MSELoss": elements(),
    "SmoothL1Loss": elements(beta=st.sampled_from([1.0, 0.0, -1.0])),
    "HuberLoss": new_elements(delta=st.sampled_from([1.0, 0.0, -1.0])),
    "KLDivLoss": elements(log_target=FLAG),
    "BCELoss": elements(),
    "BCEWithLogitsLoss": elements(),
    "HingeEmbeddingLoss": elements(),
    "SoftMarginLoss": elements(),
    "MarginRankingLoss": elements(3),
    "PoissonNLLLoss": elements(full=FLAG),
    "MultiLabelSoftMarginLoss": elements(),
    "NLLLoss": classes(False, ignore_index=st.just(-1)),
    "NLLLoss2d": classes(False, ignore_index=st.just(-1)),
    "CrossEntropyLoss": classes(True, label_smoothing=st.sampled_from([0.0, 0.1, 1.5])),
    "MultiMarginLoss": classes(False, rest=False, p=st.sampled_from([1, 2, 3])),
    "MultiLabelMarginLoss": labels(),
    "CosineEmbeddingLoss": cosine_embedding(),
    "GaussianNLLLoss": gaussian(),
    "TripletMarginLoss": triplets(True),
    "TripletMarginWithDistanceLoss": triplets(False),
    "CTCLoss": sequences(),
    "CosineSimilarity": distances(dim=st.integers(-3, 3)),
    "PairwiseDistance": distances(keepdim=FLAG, p=st.sampled_from([1.0, 2.0])),
}


@pytest.mark.parametrize("name", CASES)
def test_layer_is_torchs(name: str, oracle: Any) -> None:
    oracle.hold_layer(f"torch.nn.{name}", CASES[name])
