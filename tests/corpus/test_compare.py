"""The comparison itself: it finds nothing in equal facts, and names what differs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from compare import first_difference

TRUTH = {
    "params": 1792,
    "out": [1, 64, 8, 8],
    "flopcounter": 2 * 110_592,
    "macs_by_op": {"conv": 110_592, "batch_norm": 4096},
    "rows": [["conv", "Conv2d", [1, 64, 8, 8], 1792, 110_592], ["act", "ReLU", [1, 64, 8, 8], 0, 0]],
}
SUMMARY = {
    "parameters": 1792,
    "output": [1, 64, 8, 8],
    "macs_by_op": {"conv": 110_592},
    "unknown": [],
    "layers": [
        {"name": "conv", "type": "Conv2d", "output": [1, 64, 8, 8], "parameters": 1792},
        {"name": "act", "type": "ReLU", "output": [1, 64, 8, 8], "parameters": 0},
    ],
}


def test_equal_facts_have_no_difference() -> None:
    assert first_difference(TRUTH, SUMMARY) is None


def change_row(summary: Any) -> None:
    summary["layers"][1]["output"] = [1, 64, 7, 7]


def drop_row(summary: Any) -> None:
    del summary["layers"][1]


def change_parameters(summary: Any) -> None:
    summary["parameters"] = None


def change_macs(summary: Any) -> None:
    summary["macs_by_op"]["conv"] = "110592*N"


def add_matmul(summary: Any) -> None:
    summary["macs_by_op"]["matmul"] = 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_row, "row 2 after 'conv'"),
        (drop_row, "cnnlint nothing"),
        (change_parameters, "parameters: torch 1792, cnnlint nothing"),
        (change_macs, "MACs of conv: torch 110,592"),
        (add_matmul, "MACs of all products: torch 110,592, cnnlint 110593"),
    ],
)
def test_a_difference_is_named(change: Callable[[Any], None], said: str) -> None:
    summary = copy.deepcopy(SUMMARY)
    change(summary)
    assert said in (first_difference(TRUTH, summary) or "")


def test_what_is_unknown_is_said_with_the_difference() -> None:
    summary = {**SUMMARY, "parameters": None, "unknown": [{"reason": "open()", "path": "net.py", "line": 3}]}
    assert "unknown: open() (net.py:3)" in (first_difference(TRUTH, summary) or "")
