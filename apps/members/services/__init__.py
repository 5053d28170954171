"""Everything that writes members' rows, one module a noun."""
