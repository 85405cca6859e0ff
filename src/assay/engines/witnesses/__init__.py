"""Who keeps a checkpoint outside the home: a file, a git repository, a store of objects, a time-stamp authority."""
