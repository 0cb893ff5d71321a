"""Scenes with light and shadow, and two captioners of them."""
