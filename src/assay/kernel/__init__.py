"""The nouns, and the ports they need. No I/O; nothing heavy is imported."""
