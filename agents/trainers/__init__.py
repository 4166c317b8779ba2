"""Trainers: loops that only orchestrate."""
