"""Where work runs: tables, the sandbox, models, objects, keys."""
