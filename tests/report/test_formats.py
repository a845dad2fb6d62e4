"""Every format writes what its readers can read."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from lsprotocol import converters, types

from cnnlint.findings import Finding, Report
from cnnlint.graph.span import Span
from cnnlint.report import FORMATS, Style, renderer
from cnnlint.rule import Severity
from cnnlint.source.text import SourceText

DATA = Path(__file__).parent.parent / "data"
PATH = "models/a net.py"


def render(name: str, report: Report, style: Style = Style()) -> str:
    return renderer(name)(report, style)


def schema(name: str) -> Any:
    return json.loads(files("cnnlint.report").joinpath("schemas", name).read_text("utf-8"))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_an_empty_report(name: str) -> None:
    text = render(name, Report())
    assert text == "" or text.endswith("\n")


def test_full(report: Report) -> None:
    blocks = render("full", report).split("\n\n")
    assert blocks[0].splitlines() == [
        "error[syntax-error]: invalid syntax",
        " --> broken.py:3:5",
    ]
    assert blocks[1].splitlines() == [
        "warning[CNN601]: the bias of 64 numbers is cancelled (bias-before-batchnorm)",
        " --> models/a net.py:7:19 in Net.ü𝒳",
        "  |",
        "7 |         self.ü𝒳 = nn.Conv2d(3, 64, 3)",
        "  |                   ^^^^^^^^^^^^^^^^^^",
        "  = note: models/a net.py:8: normalised here",
        "  = help: pass bias=False",
        "  = fix: --fix does it",
    ]
    # The message holds a line break; the statement goes on below the line shown.
    assert blocks[2].splitlines()[4:6] == [
        "8 |     self.bn = nn.BatchNorm2d(",
        "  |               ^^^^^^^^^^^^^^^",
    ]


@pytest.mark.parametrize(
    ("source", "column", "end", "shown", "mark"),
    [
        ("x = f()", 5, 8, "x = f()", "    ^^^"),
        ("\tx = f()", 6, 9, "    x = f()", "        ^^^"),
        ("x = '漢字', f()", 11, 14, "x = '漢字', f()", "            ^^^"),
        ("x" * 300 + "f()", 301, 304, "…" + "x" * 40 + "f()", " " * 41 + "^^^"),
        ("f()" + "x" * 300, 1, 4, "f()" + "x" * 157 + "…", "^^^"),
        ("x" * 500, 1, 501, "x" * 160 + "…", "^" * 160),
        ("x = 1", 6, 6, "x = 1", "     ^"),
    ],
)
def test_the_mark_stands_under_its_place(source: str, column: int, end: int, shown: str, mark: str) -> None:
    place = Span("a.py", 1, column, 1, end)
    finding = Finding("CNN601", "a", "b", Severity.WARNING, "m", place)
    lines = render("full", Report(findings=(finding,), texts={"a.py": SourceText("a.py", source)})).splitlines()
    assert [line[4:] for line in lines[3:5]] == [shown, mark]


def test_paths_that_are_no_text(report: Report) -> None:
    odd = Span("b\udcff/n.py", 1, 1, 1, 2)
    findings = tuple(Finding("CNN601", "a", "b", Severity.WARNING, "m", odd, fingerprint="f") for _ in range(2))
    for name in FORMATS:
        assert render(name, Report(findings=findings)).encode("utf-8", "backslashreplace")
    document = json.loads(render("sarif", Report(findings=findings)))
    place = document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "b%FF/n.py"


def test_full_is_coloured_only_if_told(report: Report) -> None:
    assert "\x1b" not in render("full", report)
    assert "\x1b[33m\x1b[1mwarning[CNN601]\x1b[0m" in render("full", report, Style(color=True))


def test_concise(report: Report) -> None:
    assert render("concise", report).splitlines()[:2] == [
        "broken.py:3:5: error syntax-error invalid syntax",
        "models/a net.py:7:19: warning CNN601 the bias of 64 numbers is cancelled",
    ]


def test_grouped(report: Report) -> None:
    assert render("grouped", report).startswith(
        "broken.py:\n  3:5  error   syntax-error  invalid syntax\n\nmodels/a net.py:\n  7:19  warning CNN601  the bias"
    )


def test_json_follows_its_schema(report: Report) -> None:
    document = json.loads(render("json", report))
    jsonschema.validate(document, schema("findings.schema.json"))
    first = document["findings"][0]
    assert first["data"] == {"dead": 64, "size": "H", "pair": [1, 2]}
    assert first["fix"]["edits"] == [{"line": 7, "column": 36, "end_line": 7, "end_column": 36, "text": ", bias=False"}]
    assert document["files"] == {"checked": 3, "with_models": 1}


def test_json_lines(report: Report) -> None:
    rows = [json.loads(line) for line in render("json-lines", report).splitlines()]
    assert [row.get("code") or row["kind"] for row in rows] == ["CNN601", "CNN101", "syntax-error"]


def test_sarif_passes_the_official_schema(report: Report) -> None:
    document = json.loads(render("sarif", report))
    jsonschema.validate(document, json.loads((DATA / "sarif-2.1.0.json").read_text("utf-8")))
    run = document["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert "security-severity" not in json.dumps(document)
    suppressed, first, second = run["results"]
    assert suppressed["suppressions"] == [{"kind": "inSource"}]
    assert first["suppressions"] == []
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "models/a%20net.py"
    assert place["region"] == {"startLine": 7, "startColumn": 19, "endLine": 7, "endColumn": 37}
    assert first["partialFingerprints"]["cnnlint/v1"] == "f" * 32
    assert (
        first["partialFingerprints"]["primaryLocationLineHash"]
        != second["partialFingerprints"]["primaryLocationLineHash"]
    )
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "CNN601"
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == ", bias=False"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["descriptor"]["id"] == "syntax-error"


def test_lsp_parses_with_the_protocols_types(report: Report) -> None:
    converter = converters.get_converter()
    params = converter.structure(json.loads(render("lsp", report)), list[types.PublishDiagnosticsParams])
    broken, net = params
    assert broken.diagnostics[0].range.start == types.Position(2, 4)
    first = net.diagnostics[0]
    assert net.uri.endswith("/models/a%20net.py")
    # The letter outside the basic plane takes two UTF-16 units.
    assert (first.range.start, first.range.end) == (types.Position(6, 19), types.Position(6, 37))
    assert first.severity is types.DiagnosticSeverity.Warning


def test_github_escapes_and_puts_the_worst_first(report: Report) -> None:
    lines = render("github", report).splitlines()
    assert lines[0] == (
        "::error title=syntax-error,file=broken.py,line=3,col=5,endLine=3,endColumn=5"
        "::broken.py:3:5: syntax-error invalid syntax"
    )
    assert lines[1].startswith("::error title=CNN101 bias-before-batchnorm,file=models/a net.py,line=8,endLine=10::")
    assert "100%25 <wrong>, so:%0D%0Ayes" in lines[1]
    assert lines[2].startswith("::warning title=CNN601 ")


def test_gitlab(report: Report) -> None:
    issues = json.loads(render("gitlab", report))
    assert [issue["severity"] for issue in issues] == ["critical", "major", "critical"]
    assert issues[1]["description"].startswith("CNN601: ")
    assert len({issue["fingerprint"] for issue in issues}) == 3


def test_rdjson_counts_bytes(report: Report) -> None:
    diagnostics = json.loads(render("rdjson", report))["diagnostics"]
    # The two letters of the name take two bytes and four.
    assert diagnostics[1]["location"]["range"]["start"] == {"line": 7, "column": 23}
    assert diagnostics[1]["suggestions"][0]["range"]["start"] == {"line": 7, "column": 40}


@pytest.mark.parametrize(("name", "found"), [("junit", ".//failure"), ("checkstyle", ".//error")])
def test_xml_parses_whatever_messages_hold(name: str, found: str, report: Report) -> None:
    root = ElementTree.fromstring(render(name, report).encode())
    messages = [element.get("message") for element in root.iterfind(found)]
    assert len(messages) == 3
    assert messages[2] is not None
    assert "<wrong>" in messages[2]


def test_azure(report: Report) -> None:
    lines = render("azure", report).splitlines()
    assert lines[1] == (
        "##vso[task.logissue type=warning;sourcepath=models/a net.py;linenumber=7;columnnumber=19;code=CNN601;]"
        "the bias of 64 numbers is cancelled"
    )


def test_markdown(report: Report) -> None:
    text = render("markdown", report)
    assert text.startswith("**cnnlint** found 3 problems in 3 files.\n")
    assert "| `models/a net.py:7` | warning | CNN601 | the bias of 64 numbers is cancelled |\n" in text
    assert "&lt;wrong>" in text
    assert "yes \\| no" in text
