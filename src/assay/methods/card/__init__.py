"""What a model card says: the fields that people fill in, what counts as empty, and the policy of what is required."""
