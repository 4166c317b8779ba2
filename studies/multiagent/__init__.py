"""Games of several seats."""
