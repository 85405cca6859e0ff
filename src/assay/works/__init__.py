"""What happens over time: homes, calls, pipelines and runs."""
