"""Teachers by name: plain functions with JSON-able settings, see `feedback.registry`."""
