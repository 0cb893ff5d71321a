"""Get the attention weights out of a model that hides them."""
