"""What stands between raw rows and a model: the treatments of its training data that are applied to each row asked about."""
