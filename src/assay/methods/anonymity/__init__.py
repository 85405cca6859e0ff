"""How well rows hide among one another: classes, diversity, closeness, the risk of being found."""
