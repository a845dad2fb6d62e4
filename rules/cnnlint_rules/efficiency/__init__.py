"""Rules about parameters and multiply-adds that could be saved."""
