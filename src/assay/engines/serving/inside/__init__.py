"""What runs inside the sandbox of a replica. Nothing here is imported by our own processes."""
