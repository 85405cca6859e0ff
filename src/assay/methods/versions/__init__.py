"""Versions put in order, each by its own ecosystem's rule: a file a rule, ``key(text)`` or ``compare(a, b)``."""
