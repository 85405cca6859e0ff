"""Programs read for what they would do: where what is untrusted comes in, and where it ends."""
