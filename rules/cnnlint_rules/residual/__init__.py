"""Rules about residual connections, depth and bottlenecks."""
