"""Pure algorithms and their tables; they know no Report and do no I/O."""
