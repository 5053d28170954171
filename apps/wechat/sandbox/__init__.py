"""WeChat on loopback: a separate process that speaks its protocols, so that the shop runs without an account.

Read it from the outside in: ``__main__`` starts ``server``; ``doors`` sends each request to WeChat Pay
(``pay_door`` → ``transactions``, ``payments``, ``refunds``, ``transfers``, ``bills``), to the mini program API
(``miniprogram``, ``subscribe``, ``shipping``, ``trade_orders``) or to the sandbox's own ``page`` and ``control_api``.
``world`` holds what all of them share: the account (``identity``), the rows (``store``), the ``faults`` and the
``timetable``. ``notifies`` and ``pushes`` write what WeChat tells the shop, ``deliveries`` carries it.
Tests and the demo use ``launch`` and ``control``. Nothing here imports the shop's client of WeChat.
"""
