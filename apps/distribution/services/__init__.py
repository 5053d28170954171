"""What writes distribution, a module for each noun: call them as ``commissions.accrue(...)``.

promoters, bindings, commissions, looking, earning, takebacks, holds, verdicts, ledger, withdrawals, transferring,
settlement, rules, leaderboard.
"""
