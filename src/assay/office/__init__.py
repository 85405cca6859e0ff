"""What is remembered and permitted: the ledger, the catalogue, runs, the registry, findings, hallmarks."""
