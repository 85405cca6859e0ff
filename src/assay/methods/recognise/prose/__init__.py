"""Names and postal addresses inside running text, by lists of names, what stands around them, and what speaks against them."""
