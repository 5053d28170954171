"""Everything that writes fulfillment's rows, one module a noun."""
