"""The street door to short messages (短信): Tencent Cloud or Aliyun, by their HTTP interfaces. It keeps no tables.

Off unless ``SMS_PROVIDER`` is set. Of a phone number nothing is logged and no error tells it.
"""
