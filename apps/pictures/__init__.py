"""The one way in for every picture of the shop: read within a budget, drawn anew in three sizes, kept under a hash."""
