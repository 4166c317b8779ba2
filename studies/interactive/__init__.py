"""Learners that are taught while they act."""
