"""Questions that several rules ask of a graph: pure functions, one module a subject."""
