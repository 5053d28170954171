"""Serves mini-program codes and posters: the picture, or 503 with Retry-After while it is being made."""

from __future__ import annotations

from typing import Final

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from apps.base import errors
from apps.pictures import stored
from apps.shares import selectors as share_facts
from apps.shares.models import Share

_AGAIN_S: Final = 2
# What lies under the address of a code never changes; a poster's address changes with what it shows.
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@require_safe
def picture(request: HttpRequest, token: str, what: str) -> HttpResponseBase:
    """Answer the code or the poster of a share, to whoever has its token; 404 for a token that is not ours."""
    share = share_facts.by_token(token)
    if share is None:
        raise Http404
    name = share.code_file if what == "code" else share.poster_file
    if not name or (what == "poster" and share.poster_sign != share.wanted_sign):
        return _later()
    try:
        file = default_storage.open(name)
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(file, content_type="image/png" if name.endswith(".png") else "image/jpeg")
    answer["Cache-Control"] = _FOR_EVER
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def address(share: Share, what: str) -> str:
    """The absolute address of a share's code or poster; a poster that shows something else has another one."""
    version = f"?v={share.wanted_sign}" if what == "poster" else ""
    return stored.absolute(f"/share-pictures/{share.token}/{what}{version}")


def _later() -> HttpResponse:
    body = errors.body("share_picture_pending", "图片正在生成，请稍后重试", {"retry_after": _AGAIN_S})
    answer = JsonResponse(body, status=503, json_dumps_params={"ensure_ascii": False})
    answer["Retry-After"] = str(_AGAIN_S)
    answer["Cache-Control"] = "no-store"
    return answer
