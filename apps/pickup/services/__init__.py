"""What writes pickups: ``moving`` (the counter of the shop), ``riding`` (what its riders bring)."""
