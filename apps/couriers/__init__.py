"""The street door to tracking services (快递查询): Kuaidi100, by its HTTP interface. It keeps no tables.

Off unless ``KUAIDI100_CUSTOMER`` and ``KUAIDI100_KEY`` are set. Of a phone number only the last four digits leave, and
nothing of it is logged.
"""
