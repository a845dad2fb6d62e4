"""Findings about what a script does to its models, graded by running that part of the script."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from cnnlint_rules.transfer.cnn901_frozen_params_in_optimizer import FrozenParamsInOptimizer
from making_jobs import write

from cnnlint.cli import run
from cnnlint.graph.script import ScriptView
from cnnlint.lint.tracing import watch_script
from cnnlint.rule import Finding, Proof
from cnnlint.source.imports import Project
from cnnlint.static.reader import Reader
from cnnlint.trace import Tracer
from cnnlint.trace.scripts import grade
from cnnlint.trace.worker.slicing import NoScript, script_at

pytestmark = pytest.mark.usefixtures("one_process")

NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        self.neck = nn.Conv2d(8, 8, 1)
        self.fc = nn.Linear(8, 10)

    def forward(self, x):
        return self.fc(self.neck(self.body(x)).mean((2, 3)))


"""
GROUPS = 'torch.optim.SGD([{"params": net.body.parameters()}, {"params": net.fc.parameters(), "lr": 0.1}], lr=0.01)\n'
# What comes after would fail: nothing of it may run.
TRAINING = "for x, y in torch.load('batches.pt'):\n    F.cross_entropy(net(x), y).backward()\n    optimizer.step()\n"
FREEZE = "for p in net.parameters():\n    p.requires_grad = False\n"
FROZEN = "net = Net()\nnet.body.requires_grad_(False)\nnet.neck.requires_grad_(False)\n"
FREEZER = "def freeze(model):\n    for p in model.parameters():\n        p.requires_grad = False\n\n\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _grades(folder: Path, capsys: pytest.CaptureFixture[str], script: str) -> tuple[list[tuple[str, str]], str]:
    """Code and grade of what the transfer rules find, and what is said beside it."""
    write(folder, NET + script)
    run(["check", "net.py", "--isolated", "--trace", "--verbose", "--output-format", "json", "--select", "CNN9"])
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["diagnostics"] == []
    return [(finding["code"], finding["proof"]) for finding in report["findings"]], err


CONFIRMED = {
    "a frozen group": (f"{FROZEN}optimizer = {GROUPS}", ["CNN901"]),
    "all of it": (f"net = Net()\n{FREEZE}optimizer = torch.optim.Adam(net.parameters())\n", ["CNN901"]),
    "frozen in a function": (
        f"{FREEZER}net = Net()\nfreeze(net)\nnet.fc = nn.Linear(8, 5)\noptimizer = {GROUPS}", ["CNN901"],
    ),
    "the head comes too late": (
        "net = Net()\noptimizer = torch.optim.SGD(net.parameters(), lr=0.1)\nnet.fc = nn.Linear(8, 5)\n", ["CNN902"],
    ),
    "a forgotten part": (f"def main():\n    net = Net()\n    return {GROUPS}", ["CNN904"]),
    "a part that a later group has": (
        f"net = Net()\noptimizer = {GROUPS}optimizer.add_param_group({{'params': net.neck.parameters()}})\n", [],
    ),
    "under a main guard": (f"if __name__ == '__main__':\n    net = Net()\n    optimizer = {GROUPS}", ["CNN904"]),
    "a flag on a module": ("net = Net()\nnet.body.requires_grad = False\n", ["CNN907"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIRMED)
def test_confirmed(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, codes = CONFIRMED[name]
    grades, _ = _grades(tmp_path, capsys, script)
    assert grades == [(code, "confirmed") for code in codes]


def test_nothing_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A drifting norm is a matter of the training steps, which do not run."""
    grades, notes = _grades(tmp_path, capsys, f"{FROZEN}optimizer = {GROUPS}{TRAINING}")
    assert sorted(grades) == [("CNN901", "confirmed"), ("CNN903", "static")]
    assert "batches" not in notes


UNLIKE = [
    ("False", "True", Proof.REFUTED),
    ("optimizer = torch", "optimizer = 0 and torch", Proof.STATIC),  # never built
    ("nn.Conv2d(8, 8, 1)", "nn.Conv2d(8, 8, 3)", Proof.STATIC),  # another model
    ("[{", "[{'params': net.neck.weight}, {", Proof.STATIC),  # other groups
]


@pytest.mark.parametrize(("text", "other", "proof"), UNLIKE)
def test_what_runs_is_not_what_was_read(text: str, other: str, proof: Proof, tmp_path: Path, tracer: Tracer) -> None:
    """Another text runs than the one that is read, as if the reader had been wrong."""
    script = f"{NET}{FROZEN}optimizer = {GROUPS}"
    project = Project([tmp_path])
    (view,) = Reader(project).read_file(write(tmp_path, script), scripts=True).scripts
    write(tmp_path, script.replace(text, other))
    facts = watch_script(tracer, view, project)

    def check(script: ScriptView) -> list[Finding]:
        return list(FrozenParamsInOptimizer().check_script(script))

    assert grade(view, check(view), facts, check) == [proof]


STATIC = {
    "takes arguments": (f"def main(folder):\n    net = Net()\n    return {GROUPS}", "a function that takes arguments"),
    "raises": (f"net = Net()\nnet.load_state_dict(torch.load('w.pth'))\noptimizer = {GROUPS}", "FileNotFoundError"),
    "exits": (f"import sys\nnet = Net()\nnet.apply(lambda m: sys.exit(2))\noptimizer = {GROUPS}", "calls sys.exit(2)"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATIC)
def test_static_where_the_script_does_not_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, says = STATIC[name]
    grades, notes = _grades(tmp_path, capsys, script)
    assert ("CNN904", "static") in grades
    assert {grade for _, grade in grades} == {"static"}
    assert says in notes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.py"]


# ---- which statements run ------------------------------------------------------------------------------------------

SLICES = [
    ("a = 1\nb = 2\nc = a\n", [3], "a = 1\nc = a"),
    ("import x\nx.save()\nx.f.g = 1\ny = x.net()\nprint(y)\nz = y\n", [6], "import x\nx.f.g = 1\ny = x.net()\nz = y"),
    ("n = f()\nfor p in n:\n    p.flag = 0\nm = n\n", [2, 4], "n = f()\nfor p in n:\n    p.flag = 0\nm = n"),
    ("n = f()\nopt = g(n)\ntrain(n, opt)\n", [2], "n = f()\nopt = g(n)"),
    ("n = f()\nfreeze(n.body)\nlog(7)\nopt = g(n)\n", [4], "n = f()\nfreeze(n.body)\nopt = g(n)"),
    ("def f():\n    g()\nC = k\nk.flag = 1\nf()\n", [5], "def f():\n    g()\nf()"),
    ("def f():\n    k.g()\nk.flag = 1\nf()\n", [4], "def f():\n    k.g()\nk.flag = 1\nf()"),
    ("from m import *\nn = Net()\n", [2], "from m import *\nn = Net()"),
    ("import t\nif __name__ == '__main__':\n    n = t.f()\n    n.run()\n    k = 1\n", [3], "import t\nn = t.f()"),
    (
        "import t\nW = 3\ndef main():\n    n = t.f(W)\n    log(n)\n    return t.g(n)\n", [6],
        "import t\nW = 3\n\ndef _script():\n    n = t.f(W)\n    log(n)\n    return t.g(n)\n_script()",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("source", "lines", "kept"), SLICES)
def test_only_what_is_needed_runs(source: str, lines: list[int], kept: str) -> None:
    assert ast.unparse(script_at(ast.parse(source), lines)) == kept


@pytest.mark.parametrize("source", ["def f(x):\n    n = x\n", "class A:\n    def f(self):\n        n = 1\n"])
def test_what_cannot_run_by_itself(source: str) -> None:
    with pytest.raises(NoScript):
        script_at(ast.parse(source), [len(source.splitlines())])
