"""The wechat room: speaks to WeChat and knows nothing of the shop."""

from django.apps import AppConfig


class WechatConfig(AppConfig):
    name = "apps.wechat"
    verbose_name = "微信"
