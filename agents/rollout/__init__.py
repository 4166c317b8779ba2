"""From a policy and a world to a batch of experience."""
