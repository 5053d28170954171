"""Commands of the checkout room."""
