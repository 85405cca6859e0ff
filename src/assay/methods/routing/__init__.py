"""How requests are shared among the variants of an endpoint, and when a new one is given more of them."""
