"""R's serialised objects walked without R: what they hold, and the code among it, written as one would in R.

The XDR, native binary and ASCII forms of versions 2 and 3 (R Internals, section 1.8, and serialize.c's type codes).
Nothing is built but texts of calls, and those only to a depth.
"""
