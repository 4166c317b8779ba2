"""Studies of policy gradients: what climbs an objective, and at what price."""
