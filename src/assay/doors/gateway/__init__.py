"""The gateway over HTTP: connections held to bounds of size and time, and each request handed on to works/serving."""
