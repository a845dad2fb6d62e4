"""Rules about normalisation, activation and dropout."""
