"""The page on which people judge in the browser."""
