"""People as teachers: at the terminal, through files, in the browser; all keep a `Desk`."""
