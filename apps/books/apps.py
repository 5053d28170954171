"""The books room: whether WeChat's bills say the same as the shop, to the fen, and what became of each difference."""

from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "apps.books"
    verbose_name = "对账"
