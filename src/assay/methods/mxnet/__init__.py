"""Models that Apache MXNet has saved, read and asked without it: the parameter container and the symbol's graph."""
