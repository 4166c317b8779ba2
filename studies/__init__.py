"""Short runnable claims, each built from the rooms: world + feedback + learner + claim."""
