"""Readers of model files that build nothing: bounded, without the libraries that wrote them."""
