"""Other systems' runs and models, taken into the office: MLflow's, and OpenLineage's events."""
