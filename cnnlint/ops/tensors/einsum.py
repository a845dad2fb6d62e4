"""Sums of products in Einstein's notation: ``torch.einsum``.

Multiply-adds follow fvcore, which takes numpy's count of the best order of pairwise contractions: for each, the
product of all index sizes that occur, halved where nothing is summed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TypeAlias

from cnnlint.graph.dims import Dim, Sym, differ, product
from cnnlint.graph.model import ProblemKind
from cnnlint.graph.operations import MatrixProduct
from cnnlint.ops.reading import shown
from cnnlint.ops.spec import Args, FunctionSpec, Result, TensorLike, TensorSpec, Unclear, refuse
from cnnlint.ops.tensors.broadcasting import conflict, joined
from cnnlint.ops.tensors.define import function
from cnnlint.ops.tensors.products import same_type

Labels: TypeAlias = tuple[str, ...]
Sizes: TypeAlias = dict[str, Dim]

# Orders of contraction grow factorially: beyond this many operands they are taken from the left.
_MOST_ORDERED = 5


def _einsum(args: Args) -> Result:
    equation, given = args["equation"], args["operands"]
    if not isinstance(equation, str):
        raise Unclear(f"{args.name}: the equation is not known")
    items = given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given
    if not items:
        refuse(ProblemKind.ARGUMENT, "needs at least one operand")
    tensors = [Args(args.name, {"operand": item}).tensor("operand") for item in items]
    inputs, output = _parsed(equation, tensors)
    sizes = _sizes(inputs, tensors)
    shape = tuple(sizes[label] for label in output)
    macs = _count([frozenset(labels) for labels in inputs], frozenset(output), sizes)
    return Result(TensorSpec(shape, same_type(*tensors)), MatrixProduct("einsum"), {"einsum": macs})


def _parsed(equation: str, tensors: Sequence[TensorLike]) -> tuple[list[Labels], Labels]:
    """The labels of each operand and of the output; an ellipsis becomes labels ``.0``, ``.1`` and so on."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(tensors):
        refuse(
            ProblemKind.ARGUMENT,
            f"names {len(terms)} operands in {equation!r}, gets {len(tensors)}",
            expected=len(terms),
            got=len(tensors),
        )
    ranks = [len(tensor.shape or ()) for tensor in tensors]
    pairs = list(zip(terms, ranks, strict=True))
    dots = max(rank - len(term.replace("...", "")) if "..." in term else 0 for term, rank in pairs)
    inputs = [_labels(term, rank, dots, equation) for term, rank in pairs]
    output = _output(right, dots, equation) if arrow else _implied(inputs, dots)
    known = {label for labels in inputs for label in labels}
    if len(set(output)) < len(output) or not set(output) <= known | set(_dotted(dots)):
        refuse(ProblemKind.ARGUMENT, f"has an output in {equation!r} that repeats or invents an index")
    return inputs, output


def _dotted(dots: int) -> Labels:
    return tuple(f".{at}" for at in range(dots))


def _labels(term: str, rank: int, dots: int, equation: str) -> Labels:
    before, ellipsis, after = term.partition("...")
    if not (before + after).isalpha() and before + after:
        refuse(ProblemKind.ARGUMENT, f"cannot read the equation {equation!r}", got=equation)
    spare = rank - len(before + after)
    if spare < 0 or (spare and not ellipsis):
        refuse(
            ProblemKind.RANK,
            f"names {len(before + after)} axes by {term!r}, gets a tensor with {rank}",
            expected=len(before + after),
            got=rank,
        )
    return (*before, *_dotted(dots)[dots - spare :], *after) if spare else (*before, *after)


def _output(term: str, dots: int, equation: str) -> Labels:
    before, ellipsis, after = term.partition("...")
    if not (before + after).isalpha() and before + after:
        refuse(ProblemKind.ARGUMENT, f"cannot read the equation {equation!r}", got=equation)
    return (*before, *(_dotted(dots) if ellipsis else ()), *after)


def _implied(inputs: Sequence[Labels], dots: int) -> Labels:
    """The output that torch takes where none is written: what occurs once, in alphabetical order."""
    every = [label for labels in inputs for label in labels if not label.startswith(".")]
    return (*_dotted(dots), *sorted(label for label in set(every) if every.count(label) == 1))


def _sizes(inputs: Sequence[Labels], tensors: Sequence[TensorLike]) -> Sizes:
    sizes: Sizes = {}
    for labels, tensor in zip(inputs, tensors, strict=True):
        own: Sizes = {}
        for label, size in zip(labels, tensor.shape or (), strict=True):
            if label in own and differ(own[label], size):
                _refuse_sizes(label, own[label], size, tensors)
            own[label] = size
            before = sizes.get(label, size)
            if conflict(before, size):
                _refuse_sizes(label, before, size, tensors)
            sizes[label] = joined(before, size)
    return sizes


def _refuse_sizes(label: str, expected: Dim, got: Dim, tensors: Sequence[TensorLike]) -> None:
    named = " and ".join(shown(tensor.shape or ()) for tensor in tensors)
    what = "an axis of the ellipsis" if label.startswith(".") else f"index {label!r}"
    refuse(ProblemKind.MATRIX, f"gives {what} different sizes in shapes {named}", expected=expected, got=got)


def _count(terms: list[frozenset[str]], output: frozenset[str], sizes: Sizes) -> Dim:
    if len(terms) <= 2:
        return _contraction(terms, output, sizes)
    known = all(not isinstance(size, Sym) for size in sizes.values())
    if known and len(terms) <= _MOST_ORDERED:
        return _best(terms, output, sizes)
    total: Dim = 0
    while len(terms) > 1:
        total = total + _step(terms, (0, 1), output, sizes)
        terms = _contracted(terms, (0, 1), output)
    return total


def _best(terms: list[frozenset[str]], output: frozenset[str], sizes: Sizes) -> Dim:
    if len(terms) == 1:
        return 0
    totals = [
        _step(terms, pair, output, sizes) + _best(_contracted(terms, pair, output), output, sizes)
        for pair in combinations(range(len(terms)), 2)
    ]
    return min(totals, key=lambda total: total if isinstance(total, int) else 0)


def _others(terms: Sequence[frozenset[str]], pair: tuple[int, int], output: frozenset[str]) -> frozenset[str]:
    """The indices that are still needed when the pair is contracted."""
    return output.union(*(term for at, term in enumerate(terms) if at not in pair))


def _contracted(terms: list[frozenset[str]], pair: tuple[int, int], output: frozenset[str]) -> list[frozenset[str]]:
    left = [term for at, term in enumerate(terms) if at not in pair]
    return [*left, (terms[pair[0]] | terms[pair[1]]) & _others(terms, pair, output)]


def _step(terms: list[frozenset[str]], pair: tuple[int, int], output: frozenset[str], sizes: Sizes) -> Dim:
    return _contraction([terms[at] for at in pair], _others(terms, pair, output), sizes)


def _contraction(terms: Sequence[frozenset[str]], kept: frozenset[str], sizes: Sizes) -> Dim:
    every = frozenset().union(*terms)
    total = product([sizes[label] for label in sorted(every)])
    return total if every - kept else total // 2


FUNCTIONS: tuple[FunctionSpec, ...] = (function("einsum", "equation, *operands", _einsum),)
