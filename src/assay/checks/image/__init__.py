"""Checks of what is installed: images of containers, root directories, and bills of materials."""
