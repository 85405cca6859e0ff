"""A run or a model rebuilt from what was recorded of it, and held against what was recorded."""
