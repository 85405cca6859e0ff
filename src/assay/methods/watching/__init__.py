"""What is watched for: what registries say was pushed, and the file that says who may say so and what is pulled."""
