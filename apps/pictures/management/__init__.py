"""Commands of pictures."""
