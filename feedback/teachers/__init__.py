"""Simulated teachers: whose behaviour is specified, exact and tested."""
