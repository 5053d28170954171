"""The benchmark of the shop: SQL counted against budgets, speed as a share of what this machine does anyway."""
