"""What writes distribution, a module for each noun: call them as ``commissions.accrue(...)``.

promoters, bindings, commissions, takebacks, holds, ledger, withdrawals, transferring, settlement, rules, leaderboard.
"""
