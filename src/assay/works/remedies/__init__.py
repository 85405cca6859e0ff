"""What is done when a monitor finds a violation: diagnosed, decided by policy, carried out as actions of the office."""
