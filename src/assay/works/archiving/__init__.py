"""A model as one file from which a stranger verifies and rebuilds it: written, opened, verified."""
