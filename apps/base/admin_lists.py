"""Lists of the operators that grow for ever: they are paged without counting a table of millions."""

from __future__ import annotations

from typing import Any, Final, cast

from django.utils.functional import cached_property
from unfold.paginator import InfinitePage, InfinitePaginator

_ENDLESS: Final[int] = InfinitePaginator([], 1).count


class CappedPaginator(InfinitePaginator):
    """Pages by number while there are few rows, and on and back while there are many.

    At most ``most`` rows are counted, in the same statement's time as a page takes: a ledger of ten million rows
    is opened as fast as one of ten, and a search that finds 37 still says 37.
    """

    most = 1000

    @cached_property
    def count(self) -> int:
        """How many rows there are, or a number larger than any list where there are more than ``most``."""
        some: Any = self.object_list
        if not hasattr(some, "order_by"):
            return len(some)
        found: int = some.order_by()[: self.most + 1].count()
        return found if found <= self.most else _ENDLESS

    @property
    def template_name(self) -> str | None:
        """Unfold's template for lists without an end; its usual one where there is one."""
        return InfinitePaginator.template_name if self.count > self.most else None

    def _get_page(self, *args: Any, **kwargs: Any) -> Any:
        return InfinitePage(*args, **kwargs)


class NarrowFirst(CappedPaginator):
    """Finds which rows a page has before it reads them, for lists whose order no index knows: what is sorted is narrow.

    A page is two statements instead of one, and joins only what the order and the filters need in the first.
    """

    def page(self, number: Any) -> Any:
        """The page with its rows as the list has them. Raises what Django's paginator raises."""
        found: Any = super().page(number)
        ids = list(found.object_list.values_list("pk", flat=True))
        found.object_list = cast(Any, self.object_list).filter(pk__in=ids)
        return found
