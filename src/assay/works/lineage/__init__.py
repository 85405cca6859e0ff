"""What was made from what, told in the forms that other tools read."""
