"""Reward models: what was learned from opinions, as a reward per step."""
