"""Running the programs of the tests under Python itself."""

from __future__ import annotations

import sys
from textwrap import dedent
from types import ModuleType
from typing import Any


def python(source: str) -> Any:
    """What Python leaves in ``answer``."""
    module = ModuleType("cnnlint_test_program")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(dedent(source), "program.py", "exec", dont_inherit=True), module.__dict__)
    return module.answer
