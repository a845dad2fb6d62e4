"""The comparison can fail: it names the row, both values and the cause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making_jobs import make_job, write

from cnnlint import ops
from cnnlint.cli import run
from cnnlint.config import Resolver
from cnnlint.graph.model import Parameter
from cnnlint.lint.targets import read_target
from cnnlint.lint.tracing import open_sizes, project_of, trace_graph
from cnnlint.ops.spec import Args, LayerState, Result, TensorSpec
from cnnlint.report import Style
from cnnlint.report.comparison import WRITERS, Failed
from cnnlint.trace import Comparison, TraceError, Tracer, compare
from cnnlint.trace.compare import Status

SOURCE = """
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)
            self.act = nn.GELU()

        def forward(self, x):
            return x + self.act(self.conv(x))


    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 3)
            self.blocks = nn.ModuleList([Block() for _ in range(3)])
            self.pool = nn.MaxPool2d(2)

        def forward(self, x):
            x = self.stem(x)
            for block in self.blocks:
                x = block(x)
            return self.pool(x)


    if __name__ == "__main__":
        Net()(torch.randn(1, 3, 12, 12))
"""


def _compared(tracer: Tracer, folder: Path, source: str = SOURCE) -> Comparison:
    job = make_job(folder, source)
    resolver = Resolver(folder, isolated=True)
    graphs = read_target(str(job.path), resolver)
    traced = trace_graph(tracer, graphs[0], graphs, project_of(str(job.path), resolver)[1])
    return compare(graphs[0], traced, open_sizes(graphs[0], graphs))


@contextmanager
def _wrong_entry(path: str, change: Callable[[Result], Result]) -> Iterator[None]:
    """While open, the ops table lies about one layer. The entry is changed in place, since readers keep entries."""
    entry = ops.layer(path)
    assert entry is not None
    right = entry.forward

    def wrong(state: LayerState, args: Args) -> Result:
        return change(right(state, args))

    object.__setattr__(entry, "forward", wrong)
    try:
        yield
    finally:
        object.__setattr__(entry, "forward", right)


def test_equal(tracer: Tracer, tmp_path: Path) -> None:
    comparison = _compared(tracer, tmp_path)
    assert comparison.equal
    assert [row.name for row in comparison.rows][:3] == ["stem", "blocks.0.conv", "blocks.0.act"]
    assert comparison.explanation == ()


def test_a_wrong_shape_in_the_ops_table_differs_at_its_row(tracer: Tracer, tmp_path: Path) -> None:
    def wrong(result: Result) -> Result:
        return replace(result, output=TensorSpec((1, 4, 6, 6)))

    with _wrong_entry("torch.nn.MaxPool2d", wrong):
        comparison = _compared(tracer, tmp_path)
    assert not comparison.equal
    assert [(row.name, dict(row.differences)) for row in comparison.rows if row.status is not Status.EQUAL] == [
        ("pool", {"output": ([1, 4, 6, 6], [1, 4, 5, 5])})
    ]
    assert "MaxPool2d pool (called at" in comparison.explanation[0]
    assert "formula for this layer is at fault" in comparison.explanation[1]


def test_a_difference_is_the_status_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, SOURCE)
    with _wrong_entry("torch.nn.Conv2d", lambda result: replace(result, macs={"conv": 7})):
        assert run(["trace", "net.py", "--isolated"]) == 1
    assert "differs" in capsys.readouterr().out


def test_wrong_macs_in_the_ops_table_differ(tracer: Tracer, tmp_path: Path) -> None:
    with _wrong_entry("torch.nn.Conv2d", lambda result: replace(result, macs={"conv": 7})):
        comparison = _compared(tracer, tmp_path)
    first = next(row for row in comparison.rows if row.status is Status.DIFFERS)
    assert (first.name, dict(first.differences)) == ("stem", {"macs": (7, 10800)})
    conv = next(total for total in comparison.totals if total.name == "MACs: conv")
    assert (conv.static, conv.traced, conv.fvcore) == (28, 54000, 54000)


def test_a_wrong_parameter_count_differs(tracer: Tracer, tmp_path: Path) -> None:
    comparison = _compared(tracer, tmp_path)
    static = comparison.static
    stem = replace(static.modules["stem"], parameters=(Parameter("weight", (4, 3, 3, 3)),))
    calls = tuple(replace(c, module=stem) if c.module.name == "stem" else c for c in static.calls)
    again = compare(replace(static, modules={**static.modules, "stem": stem}, calls=calls), comparison.traced, {})
    assert dict(again.rows[0].differences) == {"parameters": (108, 112)}
    assert "weight [4, 3, 3, 3], torch weight [4, 3, 3, 3], bias [4]" in again.explanation[1]


def test_rows_of_one_side_only(tracer: Tracer, tmp_path: Path) -> None:
    comparison = _compared(tracer, tmp_path)
    static, traced = comparison.static, comparison.traced
    fewer = tuple(call for call in static.calls if call.module.name != "blocks.1.act")
    missing = compare(replace(static, calls=fewer), traced, {})
    assert [row.name for row in missing.rows if row.status is Status.TRACED_ONLY] == ["blocks.1.act"]
    assert "which the static reader does not see" in missing.explanation[0]
    graph = replace(traced.graph, calls=tuple(c for c in traced.graph.calls if c.module.name != "pool"))
    surplus = compare(static, replace(traced, graph=graph), {})
    assert [row.name for row in surplus.rows if row.status is Status.STATIC_ONLY] == ["pool"]
    assert "the trace does not" in surplus.explanation[0]


def test_work_outside_leaf_layers_has_rows(tracer: Tracer, tmp_path: Path) -> None:
    source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8, 8)

            def forward(self, x):
                return self.fc(x) @ x

        if __name__ == "__main__":
            Net()(torch.randn(1, 3, 8, 8))
    """
    comparison = _compared(tracer, tmp_path, source)
    assert [(row.name, row.macs) for row in comparison.rows] == [("", 1536), ("fc", 1536)]
    assert comparison.equal


def test_reports(tracer: Tracer, tmp_path: Path) -> None:
    comparison = _compared(tracer, tmp_path)
    failed = Failed("net.py:Other", TraceError("time", "net.py:Other does not end", path="net.py", line=3))
    text = WRITERS["text"]([comparison, failed])
    assert "equal in 8 rows (meta device)" in text
    assert "54,000 (fvcore the same)" in text
    assert "net.py:Other: not traced: does not end" in text
    data: dict[str, Any] = json.loads(WRITERS["json"]([comparison, failed]))
    assert [model["status"] for model in data["models"]] == ["equal", "failed"]
    assert data["models"][0]["rows"][0]["parameters"] == 112
    assert data["models"][0]["fvcore"]["by_module"]["stem"] == {"conv": 10800}
    assert data["models"][1]["error"]["line"] == 3
    markdown = WRITERS["markdown"]([comparison, failed])
    assert "| equal | stem | Conv2d | [1, 4, 10, 10] | 112 | 10,800 |" in markdown
    different = replace(comparison.rows[0], status=Status.DIFFERS, differences={"macs": (7, 10800)})
    assert "7 → 10,800" in WRITERS["text"]([replace(comparison, rows=(different, *comparison.rows[1:]))])


def test_rows_that_differ_are_coloured(tracer: Tracer, tmp_path: Path) -> None:
    comparison = _compared(tracer, tmp_path)
    first, *others = comparison.rows
    different = replace(comparison, rows=(replace(first, status=Status.DIFFERS, differences={"macs": (7, 9)}), *others))
    lines = WRITERS["text"]([different], Style(color=True)).splitlines()
    assert [line for line in lines if line.startswith("\x1b[33m")] == [line for line in lines if "7 → 9" in line]
    assert "\x1b" not in WRITERS["text"]([different])


NET = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.table = nn.Embedding(10, 4)
            self.act = nn.ReLU()

        def forward(self, {arguments}):
            {forward}

    if __name__ == "__main__":
        Net()({call})
"""
IMAGE = "torch.randn(2, 3, 8, 8)"
CALLS = {
    "one module twice": ("x", "return self.act(self.conv(self.act(x)))", IMAGE, ["act", "conv", "act"]),
    "two inputs": ("x, y", "return self.act(self.conv(x) + y)", f"{IMAGE}, torch.randn(2, 4, 8, 8)", ["conv", "act"]),
    "an integer input": (
        "x, label", "return self.conv(x) + self.table(label)[:, :, None, None]",
        f"{IMAGE}, torch.zeros(2, dtype=torch.long)", ["conv", "table"],
    ),
    "a half input": ("x", "return self.act(x)", "torch.zeros(2, 3, dtype=torch.float16)", ["act"]),
    "a mask": ("x, mask=None", "return self.conv(x) * mask", f"{IMAGE}, mask=torch.ones(2, 1, 8, 8).bool()", ["conv"]),
    "by keyword only": ("*, x", "return self.conv(x)", f"x={IMAGE}", ["conv"]),
    "a dictionary": ("batch", "return self.conv(batch['image'])", f"{{'image': {IMAGE}}}", ["conv"]),
    "a list": ("maps", "return [self.conv(x) for x in maps]", f"[{IMAGE}, torch.randn(1, 3, 4, 4)]", ["conv", "conv"]),
    "a dictionary out": ("x", "return {'a': self.conv(x), 'b': (x, None)}", IMAGE, ["conv"]),
    "functions only": ("x", "return F.conv2d(x, self.conv.weight, padding=1)", IMAGE, [""]),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_all_kinds_are_equal(name: str, tracer: Tracer, tmp_path: Path) -> None:
    arguments, forward, call, rows = CALLS[name]
    source = NET.replace("{arguments}", arguments).replace("{forward}", forward).replace("{call}", call)
    comparison = _compared(tracer, tmp_path, source)
    assert [row.name for row in comparison.rows] == rows
    assert comparison.explanation == ()
    assert comparison.equal
