"""A mirror of advisories on this machine: pinned, indexed once, and asked by the name of a package."""
