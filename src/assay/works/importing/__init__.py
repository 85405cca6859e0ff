"""Other systems' runs and models, taken into the office: MLflow's, ML Metadata's, and OpenLineage's events."""
