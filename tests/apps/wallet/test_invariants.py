"""Whatever happens in whatever order, no sum falls below zero and the books balance."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.models import F, Sum
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Spending
from mall.errors import ShopError
from tests.apps.wallet.make import NOW, figures, funded, operator, pack

ORDERS = st.sampled_from(["SO1", "SO2", "SO3"])
FEN = st.integers(1, 120)
HAPPENINGS = st.one_of(
    st.tuples(st.just("credit"), st.sampled_from(["RC1", "RC2"])),
    st.tuples(st.just("adjust"), st.integers(-90, 90), st.integers(-90, 90)),
    st.tuples(st.just("hold"), ORDERS, FEN),
    st.tuples(st.just("commit"), ORDERS),
    st.tuples(st.just("release"), ORDERS),
    st.tuples(st.just("restore"), ORDERS, st.none() | FEN),
)


class Purse:
    """An account of 70 + 30 fen, a pack of 50 + 7, and every verb; refusals are part of life."""

    def __init__(self) -> None:
        self.account = funded(70, 30)
        self.pack = pack(50, 7, per_member=1)
        self.number = 0

    def happen(self, verb: str, *what: Any) -> None:
        self.number += 1
        with suppress(ShopError):
            getattr(self, verb)(*what)

    def credit(self, cause: str) -> None:
        wallet.credit(member_id=self.account.member_id, pack_id=self.pack.pk, cause=cause, at=NOW)

    def adjust(self, principal_fen: int, bonus_fen: int) -> None:
        wallet.adjust(
            member_id=self.account.member_id,
            principal_change_fen=principal_fen,
            bonus_change_fen=bonus_fen,
            business_key=f"happening:{self.number}",
            reason="",
            operator=operator(),
            at=NOW,
        )

    def hold(self, order_no: str, amount_fen: int) -> None:
        wallet.hold(order_no=order_no, member_id=self.account.member_id, amount_fen=amount_fen, at=NOW)

    def commit(self, order_no: str) -> None:
        wallet.commit(order_no=order_no, at=NOW)

    def release(self, order_no: str) -> None:
        wallet.release(order_no=order_no, at=NOW)

    def restore(self, order_no: str, amount_fen: int | None) -> None:
        cause = "" if amount_fen is None else f"RF{self.number}"
        wallet.restore(order_no=order_no, amount_fen=amount_fen, cause=cause, at=NOW)


@override_settings(WALLET_ENABLED=True)
class TheWalletKeepsItsPromises(TestCase):
    """A class only because Hypothesis rolls the database back after each example by way of one."""

    @settings(max_examples=40, deadline=None)
    @given(st.lists(HAPPENINGS, min_size=5, max_size=25))
    def test_no_sequence_of_events_breaks_the_bounds_or_the_books(self, happenings: list[Any]) -> None:
        purse = Purse()
        for each in happenings:
            purse.happen(*each)
        assert wallet_facts.unbalanced() == []
        principal_fen, bonus_fen, held_principal_fen, held_bonus_fen = figures(purse.account)
        assert 0 <= held_principal_fen <= principal_fen
        assert 0 <= held_bonus_fen <= bonus_fen
        held = Spending.objects.filter(status="HELD").aggregate(
            principal=Sum("principal_fen", default=0), bonus=Sum("bonus_fen", default=0)
        )
        assert (held["principal"], held["bonus"]) == (held_principal_fen, held_bonus_fen)

    @settings(max_examples=40, deadline=None)
    @given(
        st.tuples(st.integers(0, 400), st.integers(0, 400)).filter(any),
        st.lists(st.integers(1, 90), max_size=12),
        st.data(),
    )
    def test_refunds_in_any_parts_bring_each_sum_back_to_where_it_was(
        self, sums: tuple[int, int], parts: list[int], data: st.DataObject
    ) -> None:
        account = funded(*sums)
        amount_fen = data.draw(st.integers(1, sum(sums)))
        wallet.hold(order_no="SO1", member_id=account.member_id, amount_fen=amount_fen, at=NOW)
        wallet.commit(order_no="SO1", at=NOW)
        before = figures(account)
        for number, part in enumerate(parts):
            with suppress(wallet.WalletConflict):
                wallet.restore(order_no="SO1", amount_fen=part, cause=f"RF{number}", at=NOW)
            after = figures(account)
            assert after >= before
            assert (after[0] <= sums[0], after[1] <= sums[1]) == (True, True)
            before = after
        wallet.restore(order_no="SO1", at=NOW)
        assert figures(account) == (*sums, 0, 0)
        assert wallet_facts.unbalanced() == []
        assert not Account.objects.filter(principal_fen__lt=F("held_principal_fen")).exists()
