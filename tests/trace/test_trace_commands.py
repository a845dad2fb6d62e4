"""The commands: exit status, formats, grades; and nothing of the user's code runs unless asked for."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from making_jobs import write

from cnnlint.cli import run
from cnnlint.trace import Tracer

GOOD = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 8, 3, padding=1)
            self.bn = nn.BatchNorm2d(8)
            self.idle = nn.Linear(2, 2)

        def forward(self, x):
            return self.bn(self.conv(x))

    if __name__ == "__main__":
        Net()(torch.randn(2, 3, 16, 16))
"""
BAD = GOOD.replace("nn.BatchNorm2d(8)", "nn.BatchNorm2d(9)")


pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_trace_says_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, GOOD)
    assert run(["trace", "net.py", "--isolated", "--grad"]) == 0
    out, err = capsys.readouterr()
    assert "net.py:Net: equal in 2 rows (meta device)" in out
    assert "Never called:" in out
    assert "idle.weight, idle.bias" in out
    assert err == ""


@pytest.mark.parametrize("command", [["trace"], ["check", "--trace"], ["summary", "--trace"]])
def test_a_terminal_is_told_what_is_waited_for(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line is blank again when the command is done."""
    monkeypatch.setattr("cnnlint.cli.progress._on_terminal", lambda: True)
    monkeypatch.setattr("cnnlint.cli.progress.shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    write(tmp_path, GOOD)
    run([*command, "net.py", "--isolated"])
    shown = capsys.readouterr().err.split("\r")
    assert "running net.py:Net ...".ljust(39) in shown
    assert max(map(len, shown)) == 39 or command[0] == "check"
    assert " " * 39 in shown


def test_trace_of_what_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, BAD)
    assert run(["trace", "net.py", "--isolated", "--output-format", "json"]) == 2
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert (model["status"], model["error"]["kind"], model["error"]["line"]) == ("failed", "raises", 12)


def test_trace_with_a_given_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, GOOD.partition("if __name__")[0])
    assert run(["trace", "net.py:Net", "--isolated"]) == 2
    assert "give it with --input" in capsys.readouterr().out
    assert run(["trace", "net.py:Net", "--isolated", "--input", "3x8x8", "--output-format", "json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["rows"][0]["output"] == [1, 8, 8, 8]


@pytest.mark.parametrize("target", ["net.py", "net.py:Net", "./net.py"])
def test_arguments_and_input_of_the_configuration(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = GOOD.partition("if __name__")[0].replace("(self):", "(self, width):").replace("(3, 8", "(3, width")
    write(tmp_path, source.replace("BatchNorm2d(8)", "BatchNorm2d(width)"))
    (tmp_path / "cnnlint.toml").write_text('[models."net.py:Net"]\nargs = "width=5"\ninput = ["3x12x12"]\n')
    assert run(["trace", target, "--output-format", "json"]) == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert (model["status"], model["rows"][0]["output"]) == ("equal", [1, 5, 12, 12])


def test_trace_of_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "nowhere.py"]) == 2
    assert "no such file" in capsys.readouterr().err


def _findings(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    report = json.loads(capsys.readouterr().out)
    jsonschema.validate(
        report, json.loads(files("cnnlint.report.schemas").joinpath("findings.schema.json").read_text())
    )
    return {finding["code"]: finding for finding in report["findings"]}, report


def test_check_grades_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, GOOD)
    assert run(["check", "net.py", "--isolated", "--trace", "--output-format", "json", "--select", "CNN601"]) == 1
    found, _ = _findings(capsys)
    assert found["CNN601"]["proof"] == "confirmed"


def test_a_layer_that_is_never_called_is_confirmed_to_be_unused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, GOOD)
    run(["check", "net.py", "--isolated", "--trace", "--select", "CNN003", "--output-format", "json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["layer"], finding["proof"], finding["data"]["parameters"]) == ("idle", "confirmed", 6)


def test_check_gives_torchs_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, BAD)
    assert run(["check", "net.py", "--isolated", "--trace", "--output-format", "json", "--select", "CNN1"]) == 1
    found, report = _findings(capsys)
    assert found["CNN101"]["proof"] == "confirmed"
    assert "running_mean" in found["CNN101"]["data"]["torch"]
    assert report["diagnostics"] == []
    assert run(["check", "net.py", "--isolated", "--trace", "--output-format", "concise", "--select", "CNN1"]) == 1
    assert "[confirmed by the trace]" in capsys.readouterr().out


def test_check_reports_a_model_that_does_not_run_and_keeps_its_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, GOOD.replace("return self.bn", "torch.load('weights.pth'); return self.bn"))
    assert run(["check", "net.py", "--isolated", "--trace", "--output-format", "json", "--select", "CNN601"]) == 1
    found, report = _findings(capsys)
    # The convolution and its norm come after what raises, so nothing is known of them.
    assert found["CNN601"]["proof"] == "static"
    (diagnostic,) = report["diagnostics"]
    assert diagnostic["kind"] == "trace-error"
    assert diagnostic["line"] == 12
    assert "FileNotFoundError" in diagnostic["message"]


# A rule of the user's own that only the source, only the trace, or both find something of.
GRADES = """
from cnnlint.graph.operations import Convolution
from cnnlint.rule import Category, Rule, Severity


class Grades(Rule):
    code, name, category, severity = "ACME001", "grades", Category.HYGIENE, Severity.ERROR

    def check(self, model):
        traced = model.nodes[0].output.shape[0] == 2  # the reader leaves the batch open
        for node in model.nodes:
            if isinstance(node.op, Convolution):
                yield self.finding(node, "seen by both")
                if traced is {traced}:
                    yield self.finding(model.modules["bn"], "seen by one")
"""


@pytest.mark.parametrize(
    ("output_format", "traced", "says"),
    [
        ("json", False, '"proof": "confirmed"'),
        ("sarif", False, '"proof": "confirmed"'),
        ("concise", False, "seen by both [confirmed by the trace]"),
        ("full", False, "seen by both [confirmed by the trace]"),
        ("json", True, '"found_by_trace": true'),
        ("sarif", True, '"found_by_trace": true'),
        ("concise", True, "seen by one [found by the trace]"),
    ],
)
def test_grades_in_each_format(
    output_format: str, traced: bool, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, GOOD.partition("if __name__")[0])
    (tmp_path / "grades.py").write_text(GRADES.replace("{traced}", str(traced)))
    command = ["net.py", "--trace", "--input", "3x16x16", "--select", "ACME001", "--config", "plugins=['grades.py']"]
    assert run([*command, "--output-format", output_format]) == 1
    out = capsys.readouterr().out
    assert says in out
    assert ("seen by one" in out) is traced


@pytest.mark.parametrize("output_format", ["json", "sarif", "concise", "full"])
def test_what_the_trace_refutes_is_shown_when_asked_for(
    output_format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And counts for nothing."""
    write(tmp_path, GOOD.partition("if __name__")[0])
    source = GRADES.replace('yield self.finding(node, "seen by both")', "pass").replace("{traced}", "False")
    (tmp_path / "grades.py").write_text(source)
    command = ["net.py", "--trace", "--input", "3x16x16", "--select", "ACME001", "--config", "plugins=['grades.py']"]
    assert run([*command, "--output-format", output_format]) == 0
    assert "seen by one" not in capsys.readouterr().out
    assert run([*command, "--output-format", output_format, "--verbose"]) == 0
    out = capsys.readouterr().out
    assert "seen by one" in out
    assert "refuted" in out


def test_summary_shows_what_was_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, GOOD)
    assert run(["summary", "net.py", "--isolated", "--trace", "--output-format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(
        document, json.loads(files("cnnlint.report.schemas").joinpath("summary.schema.json").read_text())
    )
    (model,) = document["models"]
    assert model["trace"] == {"device": "meta", "fvcore_macs": 110592, "problem": None}
    assert [layer["measured"]["macs"] for layer in model["layers"]] == [110592, 0]
    assert run(["summary", "net.py", "--isolated", "--trace"]) == 0
    assert "Measured" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["check"], ["check", "--fix"], ["summary"], ["summary", "--sizes"]])
def test_no_user_code_runs_without_being_asked(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import subprocess

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(Tracer, "run", refuse)
    mark = tmp_path / "imported"
    write(tmp_path, f"open({str(mark)!r}, 'w').close()\n" + "\n".join(line[4:] for line in GOOD.splitlines()))
    assert run([*command, "net.py", "--isolated"]) in (0, 1)
    assert "internal error" not in capsys.readouterr().err
    assert not mark.exists()


def test_a_backward_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, GOOD)
    assert run(["check", "net.py", "--isolated", "--trace=grad", "--verbose", "--exit-zero"]) == 0
    assert "no gradient reaches idle.weight, idle.bias (net.py:Net)" in capsys.readouterr().err
