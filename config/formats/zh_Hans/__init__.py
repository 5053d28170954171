"""Dates as Chinese operators scan them in columns."""
