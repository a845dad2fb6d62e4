"""Comments that silence findings are put where they are heard and change nothing else."""

from __future__ import annotations

import pytest

from cnnlint.findings import Finding
from cnnlint.fix.ignores import with_ignores
from cnnlint.rule import Severity
from cnnlint.source.text import SourceText

MARK = "# cnnlint: ignore[CNN601]"


def silence(before: str, *codes: str) -> tuple[str, int]:
    """``before`` with its findings at the text between ``«`` and ``»`` silenced."""
    start, end = before.index("«"), before.index("»") - 1
    text = SourceText("net.py", before.replace("«", "").replace("»", ""))
    span = text.span(start, end)
    findings = [Finding(code, code.lower(), "x", Severity.WARNING, "m", span) for code in codes or ("CNN601",)]
    return with_ignores(text, findings)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = «f()»\n", f"x = f()  {MARK}\n"),
        ("x = «f()»", f"x = f()  {MARK}"),
        ("x = «f()»  # why\r\n", f"x = f()  # why  {MARK}\r\n"),
        ("x = g(\n    «f()»,\n    3,\n)\n", f"x = g(\n    f(),  {MARK}\n    3,\n)\n"),
        ("x = «f(\n    1,\n)»\n", f"x = f(  {MARK}\n    1,\n)\n"),
        ("if a:\n    x = \\\n    «f()» + \\\n    2\n", f"if a:\n    {MARK}\n    x = \\\n    f() + \\\n    2\n"),
        ('x = g(«f("""a\nb""")»)\n', f'{MARK}\nx = g(f("""a\nb"""))\n'),
    ],
)  # fmt: skip
def test_comment_is_heard_and_the_program_the_same(before: str, after: str) -> None:
    assert silence(before) == (after, 1)


def test_findings_on_one_line_share_a_comment() -> None:
    assert silence("x = «f()»\n", "CNN601", "CNN101") == ("x = f()  # cnnlint: ignore[CNN101, CNN601]\n", 2)
