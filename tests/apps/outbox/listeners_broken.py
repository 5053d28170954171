"""A module of listeners that cannot be read, as after a half finished rollback."""

raise RuntimeError("this code does not fit")
