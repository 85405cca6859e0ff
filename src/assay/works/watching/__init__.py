"""Things examined as they arrive, and images examined again when advisories change."""
