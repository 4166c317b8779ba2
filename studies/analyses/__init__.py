"""Analyses: what a theory says must happen, in worlds where it can be checked exactly."""
