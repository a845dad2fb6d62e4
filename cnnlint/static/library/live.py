"""What a program that is followed as it runs is handed by libraries beyond the networks themselves."""

from __future__ import annotations

from cnnlint.static.library.arguments import ARGUMENTS
from cnnlint.static.library.arrays import ARRAYS
from cnnlint.static.library.define import Handler
from cnnlint.static.library.loading import LOADING
from cnnlint.static.library.optimising import OPTIMISING

LIVE: dict[str, Handler] = {**ARGUMENTS, **ARRAYS, **LOADING, **OPTIMISING}
