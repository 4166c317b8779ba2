"""`plaudit/TokenNgram-v0`: a token-level MDP small enough to be solved exactly."""
