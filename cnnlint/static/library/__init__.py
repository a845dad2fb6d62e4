"""Handlers of library functions: standard library, numpy's scalar functions, and torch's helpers beyond the ops table.

``HANDLERS`` maps a full name to what evaluates a call of it. ``IDENTITIES`` return their first argument;
``NOTHING`` do something that does not matter to a model and return ``None``.
"""

from __future__ import annotations

from cnnlint.static.library.collecting import COLLECTING
from cnnlint.static.library.copying import COPYING
from cnnlint.static.library.declaring import DECLARING
from cnnlint.static.library.define import Handler
from cnnlint.static.library.expressions import EXPRESSIONS
from cnnlint.static.library.functional import FUNCTIONAL
from cnnlint.static.library.initialising import INITIALISING
from cnnlint.static.library.mathematics import MATHEMATICS
from cnnlint.static.library.measuring import MEASURING
from cnnlint.static.library.surroundings import SURROUNDINGS
from cnnlint.static.library.torchlike import IDENTITIES, NOTHING, TORCH

HANDLERS: dict[str, Handler] = {
    **COLLECTING,
    **COPYING,
    **DECLARING,
    **EXPRESSIONS,
    **FUNCTIONAL,
    **INITIALISING,
    **MATHEMATICS,
    **MEASURING,
    **SURROUNDINGS,
    **TORCH,
}

__all__ = ["HANDLERS", "IDENTITIES", "NOTHING"]
