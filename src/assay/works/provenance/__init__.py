"""What a run was made of, how two differ, and which difference explains what came of it."""
