"""What is scarce is locked in one order by everybody, the stock that all share last: orders queue, and never in a circle."""

from __future__ import annotations

from apps.checkout import scarce

# Why each stands where it does. Two who take the same two rows in different orders wait for each other until PostgreSQL
# ends one of them; placing, paying, closing and refunding all go through this board, and what else locks one of these
# rows (an operator who ends a group, goods of a pre-sale that arrive) locks it before any stock.
# A new holder gets a line here with its reason, above Stock (docs/adr/0012-one-order-of-holds.md).
ORDER = {
    "Promotions": "first, because a promotion's last use is what is refused most often, before anything else was written",
    "Coupons": "its member's alone",
    "Points": "its member's alone; behind the coupon as the shopper's two orders take them, too",
    "Balance": "its member's alone; after points, as they pay before it does",
    "GroupSeats": "shared by a group of a few",
    "Bargains": "the campaign's quota, behind the run of one member",
    "ReferralPrizes": "its winner's alone; news of friends locks it behind those friends' orders, never behind stock",
    "Presales": "shared by all buyers of a plan, whose goods arrive by locking plan before stock",
    "FlashQuota": "shared by everybody in a rush",
    "SlotSeats": "shared by the orders of one shop's time on one day, before the stock that those of all times share",
    "PickupCodes": "one order's own row, made when it is paid; nobody waits for it",
    "Stock": "last of what others wait for: every order of a SKU waits for this row, so it is locked for the shortest time",
    "CardKeys": "behind the stock, under whose rows cards change: nobody waits for a card",
}


def test_everything_scarce_is_taken_in_the_one_order_of_holds() -> None:
    assert [type(holder).__name__ for holder in scarce.HOLDERS] == list(ORDER)
