"""Rules about down- and upsampling."""
