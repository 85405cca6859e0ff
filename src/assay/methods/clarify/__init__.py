"""The files of SageMaker Clarify: the analysis_config.json that asks about bias, and the analysis.json that answers."""
