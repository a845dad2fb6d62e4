"""Rules about classifier heads and what they hand to the loss."""
