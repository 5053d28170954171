"""Board 1: which doors exist."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog
from drf_spectacular.views import SpectacularSwaggerSplitView

from apps.base import door, held, probes
from apps.invoices import files_api as invoice_files
from apps.pictures import media_api
from apps.shares import pictures_api as share_pictures
from config.schema_view import SchemaView

handler400 = "apps.base.errors.bad_request"
handler500 = "apps.base.errors.server_error"

urlpatterns = [
    # Asked most, so first: patterns are tried in order.
    path("api/v1/", include("apps.storefront.urls")),
    path("api/v1/", include("apps.checkout.urls")),
    path("", RedirectView.as_view(url="/admin/", permanent=False)),
    path("healthz", probes.healthz),
    path("readyz", probes.readyz),
    path("metrics", probes.metrics, name="prometheus-django-metrics"),
    # Before the admin's own, which knows only the words that Django ships.
    path("admin/jsi18n/", admin.site.admin_view(JavaScriptCatalog.as_view(), cacheable=True)),
    path("admin", RedirectView.as_view(url="/admin/", permanent=False)),
    path("admin/held/<str:token>", admin.site.admin_view(held.view), name="held"),
    path("admin/second-factor/", door.second_factor, name="second-factor"),
    path("admin/", admin.site.urls),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("apps.members.urls")),
    path("api/v1/", include("apps.catalog.urls")),
    path("api/v1/", include("apps.coupons.urls")),
    path("api/v1/", include("apps.wallet.urls")),
    path("api/v1/", include("apps.flashsale.urls")),
    path("api/v1/", include("apps.points.urls")),
    path("api/v1/", include("apps.groupbuy.urls")),
    path("api/v1/", include("apps.bargain.urls")),
    path("api/v1/", include("apps.presale.urls")),
    path("api/v1/", include("apps.distribution.urls")),
    path("api/v1/", include("apps.packets.urls")),
    path("api/v1/", include("apps.referrals.urls")),
    path("api/v1/", include("apps.shares.urls")),
    path("api/v1/", include("apps.messaging.urls")),
    path("api/v1/", include("apps.content.urls")),
    path("api/v1/", include("apps.aftersales.urls")),
    path("api/v1/", include("apps.support.urls")),
    path("api/v1/", include("apps.invoices.urls")),
    path("api/v1/", include("apps.pickup.urls")),
    path("api/v1/", include("apps.fulfillment.urls")),
    path("invoice-files/<str:token>", invoice_files.file),
    re_path(r"^share-pictures/(?P<token>[0-9A-Za-z]{1,32})/(?P<what>code|poster)$", share_pictures.picture),
    path("wechat/", include("apps.checkout.callback_urls")),
    path("wechat/", include("apps.complaints.callback_urls")),
]
if settings.SERVE_MEDIA:
    urlpatterns.append(
        re_path(r"^media/(?P<path>.*)$", media_api.media),
    )
