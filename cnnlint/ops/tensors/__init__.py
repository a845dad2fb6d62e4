"""Tensor functions, methods and operators, by what they do."""

from __future__ import annotations

from cnnlint.ops.spec import FunctionSpec
from cnnlint.ops.tensors import (
    arithmetic,
    casting,
    clamping,
    constants,
    diagonals,
    einsum,
    elementwise,
    extremes,
    factories,
    fourier,
    gathering,
    grids,
    indexing,
    joining,
    linalg,
    permuting,
    products,
    queries,
    reducing,
    reshaping,
    sorting,
    splitting,
    statistics,
)

__all__ = ["FUNCTIONS"]

FUNCTIONS: tuple[FunctionSpec, ...] = (
    *arithmetic.FUNCTIONS,
    *casting.FUNCTIONS,
    *clamping.FUNCTIONS,
    *constants.FUNCTIONS,
    *diagonals.FUNCTIONS,
    *einsum.FUNCTIONS,
    *elementwise.FUNCTIONS,
    *extremes.FUNCTIONS,
    *factories.FUNCTIONS,
    *fourier.FUNCTIONS,
    *gathering.FUNCTIONS,
    *grids.FUNCTIONS,
    *indexing.FUNCTIONS,
    *joining.FUNCTIONS,
    *linalg.FUNCTIONS,
    *permuting.FUNCTIONS,
    *products.FUNCTIONS,
    *queries.FUNCTIONS,
    *reducing.FUNCTIONS,
    *reshaping.FUNCTIONS,
    *sorting.FUNCTIONS,
    *splitting.FUNCTIONS,
    *statistics.FUNCTIONS,
)
