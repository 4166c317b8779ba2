"""Token-level worlds: one action is one token."""
