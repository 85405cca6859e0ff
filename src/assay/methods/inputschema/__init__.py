"""What a model's rows looked like at training, learnt once and held against each question at the gateway."""
