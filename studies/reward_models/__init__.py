"""Studies of rewards that are learned from what people prefer."""
