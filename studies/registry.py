"""Names of studies; strings, so that importing this loads nothing."""

STUDIES: dict[str, str] = {}
