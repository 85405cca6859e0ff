"""Personal data recognised by form, check digits and names."""
