"""Colours for text on a terminal."""

from __future__ import annotations

from click import style

from cnnlint.report import Style
from cnnlint.rule import Severity

SEVERITY_COLOR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan"}


class Paint:
    """Colours text if ``style`` allows it."""

    def __init__(self, style: Style) -> None:
        self._on = style.color

    def severity(self, severity: Severity, text: str) -> str:
        return self._style(text, SEVERITY_COLOR[severity], bold=True)

    def bold(self, text: str) -> str:
        return self._style(text, None, bold=True)

    def frame(self, text: str) -> str:
        return self._style(text, "blue", bold=True)

    def dim(self, text: str) -> str:
        return style(text, dim=True) if self._on else text

    def _style(self, text: str, color: str | None, *, bold: bool) -> str:
        return style(text, fg=color, bold=bold) if self._on and text else text
