"""What writes distribution, a module for each noun: call them as ``commissions.accrue(...)``.

promoters, bindings, commissions, ledger, withdrawals, transferring, settlement, rules, leaderboard
(``from apps.distribution.services import ledger``).
"""
