"""The referrals room: friends who bring friends, and what both get for it."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "apps.referrals"
    verbose_name = "邀请有礼"
