"""Installed in tests only, for one command of its own: a `flush` that costs what was written, not what there is."""
