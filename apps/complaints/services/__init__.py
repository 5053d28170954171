"""Complaints at WeChat: heard of, read, answered. Rules live in this package's modules."""
