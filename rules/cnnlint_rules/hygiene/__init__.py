"""Rules about how modules are kept, shared and registered."""
