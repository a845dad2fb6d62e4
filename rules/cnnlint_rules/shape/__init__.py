"""Rules about shapes and arguments that torch refuses or that surprise."""
