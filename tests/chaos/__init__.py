"""Chaos: shoppers and operators at random against the real processes, which are killed meanwhile, while WeChat misbehaves.

``python -m tests.chaos --seconds 120`` (`make chaos SECONDS=120`). Afterwards nothing that anybody was told may be lost,
no money may be there twice, the queues have to drain, and ``check_invariants`` has to hold.
"""
