"""Django's admin with our site."""

from django.contrib.admin.apps import AdminConfig


class ShopAdminConfig(AdminConfig):
    """In ``INSTALLED_APPS`` in place of ``django.contrib.admin``."""

    default_site = "apps.base.site.Site"
