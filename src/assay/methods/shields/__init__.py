"""Rules of our own for questions to models: what a general firewall does not know of."""
