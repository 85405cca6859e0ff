"""How far one sample lies from another, whether that can be chance, and what it costs a model."""
