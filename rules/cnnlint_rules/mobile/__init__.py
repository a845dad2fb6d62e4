"""Rules about depthwise and grouped convolutions and mobile blocks."""
