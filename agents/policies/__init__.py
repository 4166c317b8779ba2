"""Policies: what writes tokens."""
