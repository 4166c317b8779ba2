"""Advantages: pure functions of rewards."""
