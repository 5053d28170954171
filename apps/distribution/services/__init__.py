"""What writes distribution, a module for each noun: promoters, bindings, commissions, ledger, settlement, rules, leaderboard.

Call them as ``commissions.accrue(...)`` (``from apps.distribution.services import commissions``).
"""
