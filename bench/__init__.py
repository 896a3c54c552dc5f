"""Figures of the product as users start it; ``python -m bench`` prints them."""
