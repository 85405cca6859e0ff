"""Ways to make data, or what is decided of it, treat groups more alike, and what each costs. None knows a report."""
