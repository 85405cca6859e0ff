"""Examples that run: real data, an assay.yaml, a script."""
