"""OTLP over HTTP (opentelemetry.io/docs/specs/otlp): spans sent to a collector, and received from a program."""
