"""Measure the fixture models with torch and fvcore, and write fixtures/truth/fixtures.json.

    python tests/corpus/make_truth.py [--check]

The format is that of fixtures/truth/torchvision.json.gz: per model total parameters, output shape, multiply-adds by
fvcore's operator name, and one row ``[name, type, output shape, own parameters]`` for each call of a leaf module, in
order. ``flopcounter`` is torch's own count, two for a multiply-add. ``--check`` compares with the committed file and
exits with status 1 where they differ.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from fixture_models import FIXTURE_MODELS, TRUTH, FixtureModel
from load_models import build
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

with warnings.catch_warnings():
    # importing fvcore.nn calls torch.jit.script, which warns
    warnings.simplefilter("ignore")
    from fvcore.nn import FlopCountAnalysis
    from fvcore.nn.jit_handles import conv_flop_jit

FILE = TRUTH / "fixtures.json"
ROW_FORMAT = ["name", "type", "output shape", "own params"]
Row = list[Any]


def shape_of(value: Any) -> Any:
    """The shapes inside what a module returns; ``None`` for what is no tensor."""
    if isinstance(value, torch.Tensor):
        return list(value.shape)
    if isinstance(value, (list, tuple)):
        return [shape_of(item) for item in value]
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    return None


def leaves(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Modules without children, and ``nn.MultiheadAttention`` taken whole."""
    inside: tuple[str, ...] = ()
    for name, module in model.named_modules():
        if inside and name.startswith(inside):
            continue
        if isinstance(module, nn.MultiheadAttention):
            inside += (name + ".",)
            yield name, module
        elif next(module.children(), None) is None:
            yield name, module


@contextmanager
def recorded_rows(model: nn.Module) -> Iterator[list[Row]]:
    """Rows of the leaf calls made while the context is open."""
    rows: list[Row] = []

    def hook(name: str) -> Any:
        def record(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            own = sum(p.numel() for p in module.parameters())
            rows.append([name, type(module).__name__, shape_of(output), own])

        return record

    handles = [m.register_forward_hook(hook(name), with_kwargs=True) for name, m in leaves(model)]
    try:
        yield rows
    finally:
        for handle in handles:
            handle.remove()


def measure(fixture: FixtureModel) -> dict[str, Any]:
    """Everything the truth file holds about one model."""
    model = build(fixture).eval()
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    model.requires_grad_(False)  # FlopCounterMode's hooks stumble over views of parameters made under no_grad
    inputs = tuple(torch.zeros(shape) for shape in fixture.inputs)
    with torch.no_grad(), recorded_rows(model) as rows:
        output = model(*inputs)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*inputs)
    analysis = FlopCountAnalysis(model, inputs).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    analysis.set_op_handle("aten::_convolution_mode", conv_flop_jit)
    return {
        "file": fixture.file,
        "call": fixture.call,
        "class": type(model).__name__,
        "params": sum(p.numel() for p in model.parameters()),
        "trainable": trainable,
        "in": [list(shape) for shape in fixture.inputs],
        "out": shape_of(output),
        "flopcounter": counter.get_total_flops(),
        "macs_by_op": {name: int(macs) for name, macs in analysis.by_operator().items()},
        "rows": rows,
    }


def as_text(models: dict[str, Any]) -> str:
    """JSON with one line a row, so that a diff of the file shows which layer changed."""
    head = {"corpus": "fixtures", "row_format": ROW_FORMAT, "models": {}}
    lines = json.dumps(head, indent=1).removesuffix("{}\n}") + "{\n"
    blocks = []
    for target, facts in models.items():
        plain = {key: value for key, value in facts.items() if key != "rows"}
        rows = ",\n".join(f"  {json.dumps(row)}" for row in facts["rows"])
        blocks.append(f' {json.dumps(target)}: {json.dumps(plain)[:-1]}, "rows": [\n{rows}\n ]}}')
    return lines + ",\n".join(blocks) + "\n}}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    options = parser.parse_args()
    torch.manual_seed(0)
    text = as_text({fixture.target: measure(fixture) for fixture in FIXTURE_MODELS})
    json.loads(text)
    if options.check:
        same = FILE.read_text() == text
        print(f"{FILE.name}: {'same' if same else 'differs'}")
        return 0 if same else 1
    FILE.write_text(text)
    print(f"{FILE.name}: {len(FIXTURE_MODELS)} models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
