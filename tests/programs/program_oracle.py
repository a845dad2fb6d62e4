"""What torch does with a program, and what cnnlint says of it."""

from __future__ import annotations

import sys
import traceback
import warnings
from types import ModuleType

import torch

from cnnlint import check_source
from cnnlint.findings import Finding

NAME = "program.py"


def raises(source: str) -> tuple[range, str] | None:
    """The lines of the program's innermost statement that raises, and what; ``None`` where torch runs it."""
    main = ModuleType("__main__")
    main.__file__ = NAME
    before = sys.modules["__main__"], sys.argv
    sys.modules["__main__"], sys.argv = main, [NAME]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            exec(compile(source, NAME, "exec"), main.__dict__)
    except Exception as error:  # noqa: BLE001  (whatever the program raises is what the oracle says)
        own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == NAME][-1]
        assert own.lineno is not None
        return range(own.lineno, (own.end_lineno or own.lineno) + 1), f"{type(error).__name__}: {error}"
    finally:
        sys.modules["__main__"], sys.argv = before
    return None


def errors(source: str) -> list[Finding]:
    """The findings of severity error."""
    return [finding for finding in check_source(source, NAME, isolated=True) if finding.severity == "error"]
