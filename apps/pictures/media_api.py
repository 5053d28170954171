"""Serves uploaded files where no nginx does: drawn pictures to be kept for ever, everything else for a while."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.static import serve

# As config/deploy/nginx.conf has it.
_DRAWN: Final = re.compile(r".+/[0-9a-f]{32}/(?:list|page|full)\.(?:jpg|webp)")
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_A_WEEK: Final = "public, max-age=604800"


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Answer a file of MEDIA_ROOT; a JPEG as WebP to whoever takes it, where one lies beside it."""
    if ".." in path.split("/"):
        raise Http404
    if _DRAWN.fullmatch(path):
        lighter = f"{path}.webp"
        takes_webp = "image/webp" in request.headers.get("Accept", "")
        if takes_webp and (Path(settings.MEDIA_ROOT) / lighter).is_file():
            answer = serve(request, lighter, document_root=str(settings.MEDIA_ROOT))
        else:
            answer = serve(request, path, document_root=str(settings.MEDIA_ROOT))
        patch_vary_headers(answer, ["Accept"])
        answer["Cache-Control"] = _FOR_EVER
    else:
        answer = serve(request, path, document_root=str(settings.MEDIA_ROOT))
        answer["Cache-Control"] = _A_WEEK
    # Whatever was uploaded is shown, never run.
    answer["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
    if isinstance(answer, FileResponse):
        answer["X-Content-Type-Options"] = "nosniff"
    return answer
