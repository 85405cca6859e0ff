"""The query language of `assay search`: what may be asked of what the office knows, read and understood."""
