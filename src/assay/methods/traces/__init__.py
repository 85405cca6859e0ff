"""Spans read and written in other systems' words (OTLP, X-Ray), and what they say: which path was the slowest."""
