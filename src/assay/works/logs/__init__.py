"""Logs of other systems and the office's own: imported, asked in SQL, kept as long as the policy says, and witnessed."""
