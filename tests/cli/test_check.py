"""``cnnlint check`` as its users call it."""

from __future__ import annotations

import io
import itertools
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from conftest import Project
else:
    Project = Any

WIDE = "net.py:8:21: warning TST001 a wide kernel (in 3 of 3 places)\n"
POINTWISE = "net.py:18:21: advice TST002 a pointwise kernel stem\n"
PLUGIN_WITH_A_TAKEN_CODE = """\
from cnnlint.rule import Rule, Severity

class A(Rule):
    code, name, category, severity = "TST001", "a", "b", Severity.ERROR
"""


@pytest.mark.parametrize("args", [(), (".",), ("check",), ("net.py",), ("check", "net.py"), ("net.py", ".", "net.py")])
def test_check_is_the_default_command_and_the_folder_the_default_path(project: Project, args: tuple[str, ...]) -> None:
    result = project.run(*args, "--output-format", "concise")
    assert (result.status, result.out) == (1, WIDE + POINTWISE)
    assert result.err == "1 warning and 1 piece of advice in 1 file, 1 with models; 1 fixable with --fix.\n"


@pytest.mark.parametrize(
    ("args", "status"),
    [
        ((), 1),
        (("--fail-on", "error"), 0),
        (("--fail-on", "advice"), 1),
        (("--fail-on", "never"), 0),
        (("--exit-zero",), 0),
        (("--select", "TST002"), 0),
        (("--select", "TST002", "--fail-on", "advice"), 1),
        (("--ignore", "wide-kernel"), 0),
        (("--config", "fail-on='never'"), 0),
        (("--config", "severity={TST001='advice'}"), 0),
        (("--config", "severity={TST002='error'}", "--ignore", "TST001"), 1),
    ],
)
def test_status(project: Project, args: tuple[str, ...], status: int) -> None:
    assert project.run(*args).status == status


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nothing.py",), "nothing.py: no such file or folder"),
        (("--select", "TST01"), "command line: no rule fits 'TST01'; did you mean 'TST001'?"),
        (("--fail-on", "eror"), "'eror' is none of error, warning, advice, never; did you mean 'error'?"),
        (("--output-format", "jsn"), "did you mean 'json'?"),
        (("--input", "3xx"), "'3xx' is not a shape"),
        (("--config", "selct=[]"), "did you mean 'select'?"),
        (("--config", "rules.wide-kernel.size=3"), "rules.wide-kernel: unknown option 'size'"),
        (("--config", "rules.wide-kernal.size=3"), "unknown rule 'wide-kernal'; did you mean 'wide-kernel'?"),
        (("--config", "per-file-ignores={'*'=['TST9']}"), "no rule fits 'TST9'"),
        (("--stdin-filename", "a.py"), "--stdin-filename goes with -"),
        (("-", "net.py"), "- stands alone"),
        (("--nonsense",), "No such option"),
        (("--config", "models.'net.py:Nett'={}"), "did you mean Net?"),
    ],
)
def test_what_cannot_be_done_is_said_with_status_2(project: Project, args: tuple[str, ...], message: str) -> None:
    result = project.run(*args)
    assert (result.status, result.out) == (2, "")
    assert message in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("name", "text", "kind", "line"),
    [
        ("a.py", b"def f(:\n", "syntax-error", 1),
        ("a.py", b"x = 1\n\xff\n", "decode-error", 2),
        ("a.py", b"# coding: nonsense\n", "decode-error", 1),
        ("a.py", b"x = '\0'\n", "syntax-error", 1),
        ("a.py", "x = 1\n".encode("utf-16"), "decode-error", 1),
    ],
)
def test_a_broken_file_costs_one_diagnostic(project: Project, name: str, text: bytes, kind: str, line: int) -> None:
    project.write(name, text)
    result = project.run("--output-format", "json", "--ignore", "TST")
    document = json.loads(result.out)
    assert [(d["kind"], d["path"], d["line"]) for d in document["diagnostics"]] == [(kind, name, line)]
    assert document["files"] == {"checked": 2, "with_models": 1}
    assert result.status == 1


def test_json_follows_its_schema(project: Project) -> None:
    document = json.loads(project.run("--output-format", "json").out)
    schema = files("cnnlint.report").joinpath("schemas", "findings.schema.json").read_text("utf-8")
    jsonschema.validate(document, json.loads(schema))
    wide = document["findings"][0]
    assert (wide["model"], wide["layer"], wide["data"]) == ("Net", "blocks.0.conv", {"kernel": [3, 3], "places": 3})


def test_output_is_the_same_for_any_order_and_number_of_jobs(project: Project) -> None:
    for name in "abc":
        project.write(f"{name}.py", (project.folder / "net.py").read_text("utf-8"))
    names = ["a.py", "b.py", "c.py", "net.py"]
    outputs = {project.run(*order, "--output-format", "json").out for order in itertools.permutations(names)}
    outputs |= {project.run(".", "--jobs", "2", "--output-format", "json").out}
    assert len(outputs) == 1


DEADLY = """\
import os
from cnnlint.rule import Rule, Severity

class Deadly(Rule):
    code, name, category, severity = "TST003", "deadly", "test", Severity.ADVICE

    def check(self, model):
        if model.name == "Deadly":
            os._exit(9)
        return iter(())
"""


def test_a_file_that_ends_its_process_costs_one_diagnostic(project: Project) -> None:
    project.write("plugin/rules.py", (project.folder / "plugin" / "rules.py").read_text("utf-8") + DEADLY)
    net = (project.folder / "net.py").read_text("utf-8")
    project.write("deadly.py", net.replace("class Net", "class Deadly"))
    for name in "abc":
        project.write(f"{name}.py", net)
    result = project.run("--jobs", "2", "--output-format", "json")
    document = json.loads(result.out)
    assert result.status == 2
    assert [(d["kind"], d["path"]) for d in document["diagnostics"]] == [("internal-error", "deadly.py")]
    assert {finding["path"] for finding in document["findings"]} == {"a.py", "b.py", "c.py", "net.py"}


def test_a_finding_belongs_to_the_file_it_points_into(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    block, net = source.split("class Net")
    project.write("block.py", block)
    project.write("net.py", "from torch import nn\nfrom block import Block\n\n\nclass Net" + net)
    both = project.run("net.py", "block.py", "--select", "TST001", "--output-format", "concise")
    # Block stands alone in its own file, where its channels are not known, and three times in Net.
    assert both.out.startswith("block.py:8:21: warning TST001 a wide kernel (in ")
    assert project.run("net.py", "--select", "TST001", "--output-format", "concise").out == ""


def test_fingerprints_do_not_depend_on_lines(project: Project) -> None:
    before = json.loads(project.run("--output-format", "json").out)
    project.write("net.py", "\n\n# moved\n" + (project.folder / "net.py").read_text("utf-8"))
    after = json.loads(project.run("--output-format", "json").out)
    assert [f["fingerprint"] for f in before["findings"]] == [f["fingerprint"] for f in after["findings"]]
    assert before["findings"][0]["line"] + 3 == after["findings"][0]["line"]


def test_comments_silence(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    project.write("net.py", source.replace("padding=1)", "padding=1)  # cnnlint: ignore[wide-kernel]"))
    assert project.run("--output-format", "concise").out == POINTWISE
    assert project.run("--output-format", "concise", "--select", "TST002").out == POINTWISE


def test_comments_that_silence_nothing_are_reported_and_mended(project: Project) -> None:
    source = (project.folder / "net.py").read_text("utf-8")
    comment = "  # cnnlint: ignore[TST001, TST003]"
    project.write("net.py", source.replace("channels)\n\n", f"channels){comment}\n\n"))
    result = project.run("--output-format", "concise", "--select", "CNN000,TST001")
    assert [line.split(": ", 1)[1] for line in result.out.splitlines()] == [
        "warning TST001 a wide kernel (in 3 of 3 places)",
        "advice CNN000 TST001 is not found here: the comment silences nothing",
        "warning CNN000 no rule is called 'TST003': the comment silences nothing; did you mean 'TST002'?",
    ]
    # A rule that did not run is not judged.
    project.run("--fix", "--select", "CNN000")
    assert "channels)  # cnnlint: ignore[TST001]\n" in (project.folder / "net.py").read_text("utf-8")
    project.run("--fix", "--select", "CNN000,TST001", "--config", "severity={TST001='advice'}")
    assert "cnnlint:" not in (project.folder / "net.py").read_text("utf-8")


def test_per_file_ignores(project: Project) -> None:
    assert project.run("--config", "per-file-ignores={'net.py'=['TST']}", "--output-format", "concise").out == ""
    assert project.run("--config", "per-file-ignores={'other/*'=['TST']}", "--output-format", "concise").out != ""


def test_fix_and_diff(project: Project) -> None:
    before = (project.folder / "net.py").read_text("utf-8")
    result = project.run("--diff")
    assert "-        self.conv = nn.Conv2d(channels, channels, 3, padding=1)\n" in result.out
    assert "+        self.conv = nn.Conv2d(channels, channels, 1, padding=1)\n" in result.out
    assert (project.folder / "net.py").read_text("utf-8") == before
    result = project.run("--fix", "--select", "TST001")
    assert (result.status, result.out) == (0, "")
    assert "1 fixed" in result.err
    assert (project.folder / "net.py").read_text("utf-8") == before.replace("channels, 3,", "channels, 1,")


@pytest.mark.parametrize(
    ("encoding", "head", "newline"),
    [("utf-8", "", "\r\n"), ("latin-1", "# coding: latin-1\n# é\n", "\n"), ("utf-8-sig", "# é\n", "\n")],
)
def test_fix_keeps_encoding_and_line_ends(project: Project, encoding: str, head: str, newline: str) -> None:
    source = (head + (project.folder / "net.py").read_text("utf-8")).replace("\n", newline)
    path = project.write("net.py", source.encode(encoding))
    path.chmod(0o750)
    assert project.run("--fix", "--select", "TST001").status == 0
    assert path.read_bytes() == source.replace("channels, 3,", "channels, 1,").encode(encoding)
    assert path.stat().st_mode & 0o777 == 0o750
    assert sorted(entry.name for entry in project.folder.iterdir()) == ["cnnlint.toml", "net.py", "plugin"]


def test_standard_input(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (project.folder / "net.py").read_bytes()
    (project.folder / "net.py").unlink()

    def piped(*args: str) -> Any:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(source)))
        return project.run("-", *args)

    assert piped("--output-format", "concise").out == (WIDE + POINTWISE).replace("net.py", "<stdin>")
    assert piped("--output-format", "concise", "--stdin-filename", "net.py").out == WIDE + POINTWISE
    assert piped("--fix", "--quiet").out.encode() == source.replace(b"channels, 3,", b"channels, 1,")


def test_reports_go_where_they_are_told(project: Project) -> None:
    result = project.run("--output-format", "concise", "-o", "sarif:out/a.sarif", "-o", "github:gh.txt")
    assert result.out == WIDE + POINTWISE
    assert json.loads((project.folder / "out/a.sarif").read_text("utf-8"))["version"] == "2.1.0"
    assert (project.folder / "gh.txt").read_text("utf-8").startswith("::warning ")
    result = project.run("--output-format", "concise", "-o", "plain.txt")
    assert result.out == ""
    assert (project.folder / "plain.txt").read_text("utf-8") == WIDE + POINTWISE
    assert project.run("-o", "concise:-").out == WIDE + POINTWISE


def test_statistics(project: Project) -> None:
    assert project.run("--statistics").out == "1  TST001  wide-kernel\n1  TST002  pointwise\n"
    rows = json.loads(project.run("--statistics", "--output-format", "json").out)
    assert rows[0] == {"code": "TST001", "name": "wide-kernel", "count": 1}


@pytest.mark.parametrize(
    ("args", "environment", "coloured"),
    [
        ((), {}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[str, ...],
    environment: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in project.run(*args).out) is coloured


def test_quiet_and_verbose(project: Project) -> None:
    assert project.run("--quiet").err == ""
    source = (project.folder / "net.py").read_text("utf-8")
    project.write(
        "net.py", source.replace("import torch\n", "from elsewhere import n\n").replace("range(3)", "range(n)")
    )
    result = project.run("--verbose", "--ignore", "TST")
    assert result.err.splitlines()[0].startswith("unknown: net.py:")


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        ("import nothing_like_it\n", "cannot be loaded: ModuleNotFoundError"),
        ("raise SystemExit(3)\n", "cannot be loaded: SystemExit"),
        ("x = 1\n", "holds no rule"),
        ("from cnnlint.rule import Rule\nclass A(Rule):\n    code = 'TST009'\n", "A has no name and no category"),
        (PLUGIN_WITH_A_TAKEN_CODE, "the code TST001 is taken by"),
    ],
)
def test_a_plugin_that_fails_costs_one_diagnostic(project: Project, plugin: str, message: str) -> None:
    path = project.write("plugin/bad.py", plugin)
    project.write("cnnlint.toml", f'plugins = ["plugin/rules.py", "{path}"]\nselect = ["TST"]\nexclude = ["plugin"]\n')
    result = project.run("--output-format", "json")
    document = json.loads(result.out)
    assert [d["kind"] for d in document["diagnostics"]] == ["plugin-error"]
    assert message in document["diagnostics"][0]["message"]
    assert str(path) in document["diagnostics"][0]["message"]
    assert len(document["findings"]) == 2
    assert result.status == 1


def test_a_rule_that_raises_costs_one_diagnostic(project: Project) -> None:
    project.write("other.py", (project.folder / "net.py").read_text("utf-8"))
    project.write(
        "plugin/bad.py",
        "from cnnlint.rule import Rule, Severity\nclass Bad(Rule):\n"
        "    code, name, category, severity = 'TST009', 'bad', 'test', Severity.ERROR\n"
        "    def check(self, model):\n        yield from ()\n        raise KeyError('oops')\n",
    )
    project.write(
        "cnnlint.toml", 'plugins = ["plugin/rules.py", "plugin/bad.py"]\nselect = ["TST"]\nexclude = ["plugin"]\n'
    )
    document = json.loads(project.run("--output-format", "json").out)
    assert [d["kind"] for d in document["diagnostics"]] == ["rule-error"]
    assert "rule TST009 bad (cnnlint_plugin_bad) raised KeyError on " in document["diagnostics"][0]["message"]
    assert len(document["findings"]) == 4


def test_an_unreadable_file_makes_the_status_2(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("secret.py", "x = 1\n")
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path.name == "secret.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    result = project.run("--output-format", "concise")
    assert result.status == 2
    assert "secret.py:1:1: error read-error cannot read the file" in result.out


def test_an_internal_error_is_one_line(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("cnnlint.cli.checking.lint_files", broken)
    result = project.run()
    assert (result.status, result.err) == (2, "cnnlint: internal error: RuntimeError: boom; --verbose shows where\n")
    assert "Traceback" in project.run("--verbose").err


def test_add_ignore(project: Project) -> None:
    result = project.run("--add-ignore", "--output-format", "concise")
    assert (result.status, result.out) == (0, "")
    assert result.err.startswith("2 findings silenced with comments.\n")
    text = (project.folder / "net.py").read_text("utf-8")
    assert "padding=1)  # cnnlint: ignore[TST001]\n" in text
    assert "self.stem = nn.Conv2d(3, 16, 1)  # cnnlint: ignore[TST002]\n" in text


def test_an_interrupt_ends_quietly(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnlint.cli.checking.lint_files", interrupted)
    result = project.run()
    assert (result.status, result.out, result.err.strip()) == (130, "", "")
