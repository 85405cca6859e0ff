"""7z archives read without their tool (7zFormat.txt of the LZMA SDK): the headers, and what unpacks which members.

Folders whose coders stand in one line are read: Copy, LZMA, LZMA2, BZip2, Deflate, Zstandard, and the Delta and x86
filters. What is encrypted, or packed by PPMd, BCJ2 or anything else, is named and not read.
"""
