"""The trace reader: runs a model in a process of its own and fills the same graph as the static reader.

:class:`Tracer` runs jobs, :func:`graph_of` makes the graph, :func:`compare` sets two graphs side by side, and
:mod:`.proof` says what a trace means for findings. Nothing here imports torch; the process in :mod:`.worker` does.
"""

from cnnlint.trace.compare import Comparison, compare
from cnnlint.trace.graph import Traced, graph_of
from cnnlint.trace.job import ExampleCall, Input, Job, Limits, TraceError
from cnnlint.trace.process import Tracer

__all__ = [
    "Comparison", "ExampleCall", "Input", "Job", "Limits", "TraceError", "Traced", "Tracer", "compare", "graph_of",
]  # fmt: skip
