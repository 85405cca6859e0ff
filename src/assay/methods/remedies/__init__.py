"""What is done when a monitor finds a violation: the policy that says it, the channels that are told, where those may lie."""
