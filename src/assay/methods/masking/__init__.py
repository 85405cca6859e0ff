"""How values are hidden: a file a way, and the policy that says which column gets which."""
