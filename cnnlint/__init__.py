"""cnnlint reads PyTorch model source and says what is wrong or wasteful, without running it.

    import cnnlint

    report = cnnlint.check(["models/"])
    for finding in report.findings:
        print(finding.path, finding.line, finding.code, finding.message)

The names are imported when they are first used, so that ``import cnnlint`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnlint.api import check as check
    from cnnlint.api import check_source as check_source
    from cnnlint.api import summarize as summarize
    from cnnlint.findings import Diagnostic as Diagnostic
    from cnnlint.findings import Finding as Finding
    from cnnlint.findings import Report as Report
    from cnnlint.summary import ModelSummary as ModelSummary

__version__ = "0.1.0"

_HOMES = {
    "check": "cnnlint.api",
    "check_source": "cnnlint.api",
    "summarize": "cnnlint.api",
    "Diagnostic": "cnnlint.findings",
    "Finding": "cnnlint.findings",
    "Report": "cnnlint.findings",
    "ModelSummary": "cnnlint.summary",
}

__all__ = ["Diagnostic", "Finding", "ModelSummary", "Report", "__version__", "check", "check_source", "summarize"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cnnlint' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
