"""Who issues invoices: a seam for a tax provider's service, and the one that is there, which is an operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from apps.invoices.papers import Paper
from mall.errors import Fault, Faulty


@dataclass(frozen=True, slots=True)
class Asked:
    """What an invoice has to say: its number here, whom it is made out to, and how much was really paid, in fen."""

    invoice_no: str
    order_no: str
    kind: str
    name: str
    tax_no: str
    email: str
    amount_fen: int


class PaperMissing(Faulty):
    """The operator has to bring the paper."""

    code = "invoice_paper_missing"


class Provider(Protocol):
    """Issues invoices at the tax office, under ``name`` in the rules and ``title`` for operators.

    ``wants_paper`` says whether the operator has to bring the issued paper.
    """

    name: str
    title: str
    wants_paper: bool

    def issue(self, asked: Asked, *, paper: Paper | None) -> Paper:
        """Have it issued and return the paper. Called with no transaction open, so that it may ask somebody outside; asked
        again for the same ``invoice_no`` it must return the same paper. Raises ShopError with nothing issued.
        """
        ...


class Manual:
    """Issued by hand in the tax office's own client (电子税务局): the operator brings the paper."""

    name = "manual"
    title = "手工开具后上传"
    wants_paper = True

    def issue(self, asked: Asked, *, paper: Paper | None) -> Paper:
        """The paper that was brought. Raises PaperMissing."""
        if paper is None:
            raise PaperMissing([Fault("file", "请上传发票文件")])
        return paper


PROVIDERS: Final[tuple[Provider, ...]] = (Manual(),)


def by_name() -> Mapping[str, Provider]:
    """The providers that are there."""
    return {provider.name: provider for provider in PROVIDERS}


def named(name: str) -> Provider:
    """The provider of this name; the first one where there is none (any more)."""
    return by_name().get(name, PROVIDERS[0])


def choices() -> list[tuple[str, str]]:
    """Them for a form."""
    return [(provider.name, provider.title) for provider in PROVIDERS]
