"""Compares what cnnlint reads from source with what torch measured, and names the first difference.

    CNNLINT_CORPUS=<folder that holds torchvision/> python tests/corpus/compare.py [MODEL...] [--kind KIND]...

prints one line a model and exits with status 1 where one differs. MODEL is a name of the torchvision truth file
(``resnet18``, also with ``*``) or the file name of a fixture model (``unet.py``). Needs no torch.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from itertools import zip_longest
from pathlib import Path
from typing import Any

from fixture_models import MODELS, TRUTH

import cnnlint

Facts = Mapping[str, Any]

KINDS = ("classification", "segmentation", "video", "detection", "quantization", "optical_flow")
ATTENTION = "scaled_dot_product_attention"
PRODUCTS = ("conv", "linear", "addmm", "mm", "bmm", "matmul", "einsum", ATTENTION)
"""fvcore's names of the operators whose multiply-adds a summary counts."""


def torchvision_truth() -> dict[str, dict[str, Any]]:
    """The measured models of torchvision by name."""
    with gzip.open(TRUTH / "torchvision.json.gz", "rt", encoding="utf-8") as file:
        models: dict[str, dict[str, Any]] = json.load(file)["models"]
    return models


def fixture_truth() -> dict[str, dict[str, Any]]:
    """The measured fixture models by target."""
    models: dict[str, dict[str, Any]] = json.loads((TRUTH / "fixtures.json").read_text(encoding="utf-8"))["models"]
    return models


class Corpus:
    """Targets in an unzipped torchvision, which is only read.

    The detection models are measured by their backbone alone (their own forward takes lists of images), so for these
    a builder is written into ``workspace``, beside a link to the source."""

    def __init__(self, source: Path, workspace: Path) -> None:
        self.source = source
        self.workspace = workspace

    def target(self, name: str, truth: Facts) -> str:
        module, _, builder = truth["builder"].rpartition(".")
        if truth["kind"] == "detection":
            return f"{self._backbone(name, module, builder)}:backbone()"
        return f"{self.source.joinpath(*module.split('.'))}.py:{builder}()"

    def _backbone(self, name: str, module: str, builder: str) -> Path:
        link = self.workspace / "torchvision"
        if not link.exists():
            link.symlink_to(self.source / "torchvision", target_is_directory=True)
        file = self.workspace / f"{name}_backbone.py"
        file.write_text(
            f"from {module} import {builder}\n\n\n"
            f"def backbone():\n    return {builder}(weights=None, weights_backbone=None).backbone\n"
        )
        return file


def read_model(target: str, inputs: list[list[int]]) -> Facts:
    """cnnlint's summary of ``target``, as its JSON."""
    summaries = cnnlint.summarize(target, inputs=inputs)
    assert len(summaries) == 1, f"{target}: {len(summaries)} models instead of one"
    facts: Facts = summaries[0].to_dict()
    return facts


def totals_differ(truth: Facts, summary: Facts) -> str | None:
    """The first difference in parameters and output shape."""
    for word, measured, read in (
        ("parameters", truth["params"], summary["parameters"]),
        ("output", truth["out"], summary["output"]),
    ):
        if measured != read:
            return f"{word}: torch {_short(measured)}, cnnlint {_short(read)}{_unknowns(summary)}"
    return None


def macs_differ(truth: Facts, summary: Facts) -> str | None:
    """The first difference in multiply-adds: convolutions, linear layers, and all matrix products together.

    The last is compared with torch's own counter, since fvcore leaves fused attention out and rounds einsum."""
    measured, read = truth["macs_by_op"], summary["macs_by_op"] or {}
    pairs = [(name, measured.get(name, 0), read.get(name, 0)) for name in ("conv", "linear")]
    pairs.append(("all products", truth["flopcounter"] // 2, _sum(read)))
    for name, torch_macs, own_macs in pairs:
        if torch_macs != own_macs:
            return f"MACs of {name}: torch {torch_macs:,}, cnnlint {own_macs!r}{_unknowns(summary)}"
    return None


def rows_differ(truth: Facts, summary: Facts) -> str | None:
    """The first row ``[name, type, output shape, own parameters]`` that is not the same."""
    measured = [row[:4] for row in truth["rows"]]
    read = [[layer["name"], layer["type"], layer["output"], layer["parameters"]] for layer in summary["layers"]]
    for number, (torch_row, own_row) in enumerate(zip_longest(measured, read), start=1):
        if torch_row != own_row:
            before = f" after {read[number - 2][0]!r}" if number > 1 else ""
            return f"row {number}{before}: torch {_short(torch_row)}, cnnlint {_short(own_row)}{_unknowns(summary)}"
    return None


def first_difference(truth: Facts, summary: Facts, *, totals_only: bool = False) -> str | None:
    """Where the summary departs from the truth first, in a readable line; ``None`` if nowhere. Rows come first,
    because a wrong total says less than the first wrong row."""
    checks = (totals_differ,) if totals_only else (rows_differ, totals_differ, macs_differ)
    for check in checks:
        difference = check(truth, summary)
        if difference is not None:
            return difference
    return None


def _sum(macs: Mapping[str, Any]) -> Any:
    counts = [macs.get(name, 0) for name in PRODUCTS]
    unknown = [count for count in counts if not isinstance(count, int)]
    return unknown[0] if unknown else sum(counts)


def _short(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) < 160 else text[:157] + "..."


def _unknowns(summary: Facts) -> str:
    reasons = [f"{u['reason']} ({u['path']}:{u['line']})" for u in summary.get("unknown") or ()]
    return f"; unknown: {'; '.join(reasons[:3])}" if reasons else ""


def _chosen(patterns: list[str], kinds: list[str]) -> Iterable[tuple[str, Facts]]:
    for name, truth in torchvision_truth().items():
        if truth["kind"] in kinds and (not patterns or any(fnmatch(name, pattern) for pattern in patterns)):
            yield name, truth
    for name, truth in fixture_truth().items():
        if any(fnmatch(truth["file"], pattern) for pattern in patterns):
            yield name, truth


def _difference(target: str, truth: Facts) -> str | None:
    """The first difference, or how cnnlint broke down: one model must not end the table."""
    totals_only = truth.get("kind") in ("video", "detection", "optical_flow")
    try:
        return first_difference(truth, read_model(target, truth["in"]), totals_only=totals_only)
    except Exception as error:  # noqa: BLE001  (whatever it is, it belongs into the table)
        return f"{type(error).__name__}: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare cnnlint's reading with the measured truth.")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--kind", action="append", choices=KINDS)
    options = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(Path(os.environ.get("CNNLINT_CORPUS", "")).resolve(), Path(folder))
        for name, truth in _chosen(options.models, options.kind or list(KINDS)):
            target = str(MODELS / name) if "call" in truth else corpus.target(name, truth)
            start = time.perf_counter()
            difference = _difference(target, truth)
            wrong += difference is not None
            print(f"{time.perf_counter() - start:6.2f} s  {name}: {difference or 'equal'}", flush=True)
    print(f"{wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
