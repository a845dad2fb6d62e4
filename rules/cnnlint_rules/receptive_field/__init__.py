"""Rules about receptive field and dilation."""
