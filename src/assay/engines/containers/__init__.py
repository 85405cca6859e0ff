"""Images of containers and root directories, opened as streams of files: nothing of them is unpacked or run."""
