"""How the admin looks: the shop's name, the green of tea, and where its sidebar and first page come from."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static

# Tea, from the first flush to what is left in the pot.
_TEA = {
    "50": "oklch(97.8% .016 155)",
    "100": "oklch(95% .036 155)",
    "200": "oklch(90.4% .062 155)",
    "300": "oklch(83.6% .092 155)",
    "400": "oklch(73.5% .118 155)",
    "500": "oklch(62.5% .122 156)",
    "600": "oklch(52.6% .106 157)",
    "700": "oklch(44.8% .088 158)",
    "800": "oklch(37.8% .071 159)",
    "900": "oklch(32.4% .058 160)",
    "950": "oklch(23.5% .042 161)",
}


def look(*, shop_name: str) -> dict[str, Any]:
    """Return django-unfold's settings for a shop of this name."""
    return {
        "SITE_TITLE": shop_name,
        "SITE_HEADER": shop_name,
        "SITE_SUBHEADER": "商城管理后台",
        "SITE_SYMBOL": "storefront",
        # The shop itself lives in the mini program: there is no site to return to.
        "SITE_URL": None,
        "SHOW_HISTORY": True,
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_BACK_BUTTON": True,
        "LOGIN": {"form": "apps.base.door.LoginForm"},
        "ACCOUNT": {"navigation": [{"title": "两步验证", "link": "/admin/second-factor/"}]},
        "BORDER_RADIUS": "8px",
        "COLORS": {"primary": _TEA},
        "DASHBOARD_CALLBACK": "apps.desk.dashboard.today",
        "SCRIPTS": [
            lambda request: static("shop/alpine_without_eval.js"),
            lambda request: static("base/admin.js"),
        ],
        "TABS": "config.sidebar.tabs",
        "STYLES": [lambda request: static("base/admin.css")],
        "SIDEBAR": {"show_search": True, "navigation": "config.sidebar.sidebar"},
    }
