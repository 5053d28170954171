"""Facts of distribution: promoters and their rules, bindings, commissions with their ledger, withdrawals, contests."""

from apps.distribution.models.bonds import Bond, BondChange
from apps.distribution.models.contests import Contest, Prize, Winner
from apps.distribution.models.money import Account, Commission, Entry
from apps.distribution.models.promoters import (
    Material,
    Promoter,
    PromoterLevel,
    PromoterMove,
    RateRule,
    Rules,
)
from apps.distribution.models.sharers import Sharer
from apps.distribution.models.withdrawals import Withdrawal, WithdrawalStep

__all__ = [
    "Account",
    "Bond",
    "BondChange",
    "Commission",
    "Contest",
    "Entry",
    "Material",
    "Prize",
    "Promoter",
    "PromoterLevel",
    "PromoterMove",
    "RateRule",
    "Rules",
    "Sharer",
    "Winner",
    "Withdrawal",
    "WithdrawalStep",
]
