"""Board 11: what must be true of the shop's rows at any moment, and what finds rows that break it.

Looked at every hour (``base.check_invariants``), by ``manage.py check_invariants``, and after every story that the tests
tell. A line that is not true for a moment between two transactions does not belong here.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.base.invariants import Invariant

INVARIANTS: Sequence[Invariant] = (
    Invariant(
        name="stock_equals_ledger",
        title="库存等于库存流水之和",
        faults=("apps.inventory.selectors.unbalanced",),
    ),
    Invariant(
        name="cards_equal_stock",
        title="虚拟商品的库存等于未售的卡密数",
        faults=("apps.cardkeys.selectors.unbalanced",),
    ),
    Invariant(
        name="holds_fit_orders",
        title="订单占用的库存、优惠券、积分、储值与订单状态一致",
        faults=("apps.checkout.invariants.misplaced_holds",),
    ),
    Invariant(
        name="paid_in_full",
        title="已付款订单收齐应付金额",
        faults=("apps.checkout.invariants.unpaid_yet_paid",),
    ),
    Invariant(
        name="payments_equal_refunds",
        title="支付单已退金额等于退款单之和",
        faults=("apps.payments.selectors.unbalanced",),
    ),
    Invariant(
        name="orders_equal_refunds",
        title="订单退款等于退款明细之和",
        faults=("apps.orders.selectors.unbalanced_refunds",),
    ),
    Invariant(
        name="orders_equal_reductions",
        title="订单优惠等于优惠明细之和",
        faults=("apps.orders.selectors.unbalanced_reductions",),
    ),
    Invariant(
        name="coupons_equal_moves",
        title="优惠券状态等于最后一次变动",
        faults=("apps.coupons.selectors.unbalanced",),
    ),
    Invariant(
        name="points_equal_ledger",
        title="积分等于积分流水与批次之和",
        faults=("apps.points.selectors.unbalanced",),
    ),
    Invariant(
        name="growth_equals_ledger",
        title="成长值等于成长值流水之和",
        faults=("apps.members.standing.unbalanced",),
    ),
    Invariant(
        name="wallets_equal_ledger",
        title="储值余额与欠款等于储值流水之和",
        faults=("apps.wallet.selectors.unbalanced", "apps.wallet.selectors.misowed"),
    ),
    Invariant(
        name="quotas_equal_ledger",
        title="活动名额等于名额流水之和",
        faults=("apps.campaigns.selectors.unbalanced",),
    ),
    Invariant(
        name="groups_equal_seats",
        title="拼团人数等于席位数",
        faults=("apps.groupbuy.selectors.unbalanced",),
    ),
    Invariant(
        name="flash_rights_equal_units",
        title="秒杀候补保留数等于候补资格数",
        faults=("apps.flashsale.selectors.unbalanced",),
    ),
    Invariant(
        name="commissions_equal_ledger",
        title="推客账户等于佣金流水之和，佣金与退款一致",
        faults=(
            "apps.distribution.selectors.unbalanced_accounts",
            "apps.distribution.selectors.unexplained_commissions",
        ),
    ),
    Invariant(
        name="packets_equal_parts",
        title="立减金总额等于各份之和，领取人数等于已领份数",
        faults=("apps.packets.selectors.unbalanced",),
    ),
    Invariant(
        name="books_balance",
        title="会计凭证借贷平衡，储值、佣金、积分负债与各自流水一致",
        faults=(
            "apps.books.journal_selectors.unbalanced",
            "apps.books.journal_selectors.liabilities_apart",
        ),
    ),
    Invariant(
        name="pickups_follow_orders",
        title="自提单与订单状态一致，自提和同城订单的库存都出自所选门店",
        faults=("apps.pickup.selectors.misplaced", "apps.pickup.selectors.held_elsewhere"),
    ),
    Invariant(
        name="slots_equal_seats",
        title="时段已约单数等于占用席位的订单数，席位与订单状态一致",
        faults=("apps.pickup.slot_selectors.misseated",),
    ),
    Invariant(
        name="invoices_within_paid",
        title="发票金额不超过订单实付，每笔订单只有一张有效发票",
        faults=("apps.invoices.selectors.unbalanced",),
    ),
    Invariant(
        name="withdrawals_equal_ledger",
        title="提现与推客账户、流水和微信一致",
        faults=("apps.distribution.withdrawal_selectors.unexplained_withdrawals",),
    ),
    Invariant(
        name="journeys_walk_once",
        title="会员在同一旅程中同时只有一次，对照组未被触达，任务都出自步骤",
        faults=("apps.journeys.selectors.misdone",),
    ),
    Invariant(
        name="after_sales_within_bought",
        title="售后申请、补寄与退款的件数不超过购买件数",
        faults=(
            "apps.aftersales.invariants.asked_beyond_left",
            "apps.aftersales.invariants.sent_beyond_left",
        ),
    ),
)
