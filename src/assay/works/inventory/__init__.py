"""The inventory: what is said of each model and what became of it, the policy it is held to, and how it is shown."""
