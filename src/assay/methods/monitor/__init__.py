"""What a model is watched by in production: payloads, statistics, constraints, distances. Pure: values in, values out."""
