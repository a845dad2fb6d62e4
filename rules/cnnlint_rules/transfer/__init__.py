"""CNN9xx: transfer learning: freezing, head replacement, optimizers."""
