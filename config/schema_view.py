"""The door of the OpenAPI document: made and written once by each process, since it says the same to everybody."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

# The document as each form of it was written, with what names its file.
_WRITTEN: Final[dict[str, tuple[bytes, str]]] = {}


class SchemaView(SpectacularAPIView):
    """The document as YAML or JSON.

    To make it takes three seconds of CPU the first time (every call is followed through the code, ``config.refusals``)
    and some four tenths after that, and anybody may ask: what was written is kept, and answered in under a millisecond.
    """

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer what was written; whatever is asked beside the form (``lang``, ``version``) makes no other document."""
        renderer: Any = request.accepted_renderer
        written = _WRITTEN.get(renderer.media_type)
        if written is None:
            made = self._get_schema_response(request)
            body = renderer.render(made.data, renderer.media_type, self.get_renderer_context())
            written = body, made.headers["Content-Disposition"]
            _WRITTEN[renderer.media_type] = written
        body, disposition = written
        return HttpResponse(
            body, content_type=renderer.media_type, headers={"Content-Disposition": disposition}
        )
