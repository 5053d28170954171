"""What writes pickups: ``moving`` (the counter of the shop), ``tries`` (wrong codes)."""
