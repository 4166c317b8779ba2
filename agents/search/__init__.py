"""Better answers and moves from the same policy: by trying several, and by looking ahead."""
