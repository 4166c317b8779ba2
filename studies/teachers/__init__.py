"""Who judges: studies of teachers and of what they can see."""
