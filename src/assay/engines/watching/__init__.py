"""Where things arrive: a folder that is looked at, an OCI layout, an address that registries call."""
