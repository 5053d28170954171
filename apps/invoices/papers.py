"""What an electronic invoice is, told by the content of its file and never by its name: PDF or OFD."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from apps.invoices.states import FileKind
from mall.errors import Fault, Faulty

LARGEST: Final = 5 * 1024 * 1024
_MOST_PARTS: Final = 2_000
_MOST_UNPACKED: Final = 64 * 1024 * 1024
# Both begin and end of a PDF: what is cut off has no trailer.
_PDF_HEAD: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_PDF_TAIL: Final = 2048
# GB/T 33190-2016: a ZIP whose root document is OFD.xml, of which each body names the document that is shown.
_OFD_ROOT: Final = "OFD.xml"
_LARGEST_ROOT: Final = 256 * 1024
_ZIP_HEAD: Final = b"PK\x03\x04"
_PACKED_AS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_CHUNK: Final = 1024 * 1024
# 8 digits with a code of 10 or 12 before, 20 without one (数电票).
_NUMBER: Final = re.compile(r"[0-9]{8}|[0-9]{20}")
_CODE: Final = re.compile(r"[0-9]{10}|[0-9]{12}")


class PaperRefused(Faulty):
    """A paper that is no invoice; ``faults`` say at which field, and why."""

    code = "invoice_paper_refused"


@dataclass(frozen=True, slots=True)
class Paper:
    """An issued invoice: its number, its code (empty on 数电票), the day on it, and the file itself."""

    number: str
    code: str
    issued_on: date
    content: bytes


def kind_of(content: bytes) -> FileKind:
    """PDF or OFD, by what is in the file. Raises PaperRefused for anything else, and above 5 MB."""
    if len(content) > LARGEST:
        raise PaperRefused([Fault("file", "发票文件不能超过 5 MB")])
    if _PDF_HEAD.match(content) and b"%%EOF" in content[-_PDF_TAIL:]:
        return FileKind.PDF
    if _is_ofd(content):
        return FileKind.OFD
    raise PaperRefused([Fault("file", "发票文件须为 PDF 或 OFD，且内容完整")])


def check(paper: Paper, *, since: date, today: date) -> FileKind:
    """Hold a paper against what an invoice is, and say what its file is: issued between the day ``since``, on which the
    order was paid, and today. Raises PaperRefused.
    """
    faults = []
    if not _NUMBER.fullmatch(paper.number):
        faults.append(Fault("number", "发票号码为 20 位数字（数电票）或 8 位数字"))
    elif len(paper.number) == 8 and not _CODE.fullmatch(paper.code):
        faults.append(Fault("code", "8 位号码的发票须填写 10 或 12 位发票代码"))
    elif len(paper.number) == 20 and paper.code:
        faults.append(Fault("code", "数电票没有发票代码，请留空"))
    if paper.issued_on > today:
        faults.append(Fault("issued_on", "开票日期不能晚于今天"))
    if paper.issued_on < since:
        faults.append(Fault("issued_on", f"开票日期不能早于订单付款日 {since}"))
    if faults:
        raise PaperRefused(faults)
    return kind_of(paper.content)


def check_red(*, number: str, on: date, issued_on: date, today: date) -> None:
    """Hold what is known of a red letter against what one is. Raises PaperRefused."""
    if not _NUMBER.fullmatch(number):
        raise PaperRefused([Fault("red_number", "红字发票号码为 20 位数字（数电票）或 8 位数字")])
    if not issued_on <= on <= today:
        raise PaperRefused([Fault("red_on", "红字开票日期须在开票日期与今天之间")])


def _is_ofd(content: bytes) -> bool:
    """Whether it is a ZIP from its first byte on, bounded and whole, of an OFD with a document in it."""
    if not content.startswith(_ZIP_HEAD):
        # A ZIP may stand behind anything, a page of HTML say: a browser would read that.
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if not _is_bounded(parts):
                return False
            for part in parts:
                _read_through(packed, part)
            names = {part.filename for part in parts}
            return _has_document(packed.read(_OFD_ROOT), names)
    # What a broken or a locked ZIP can raise, a wrong checksum and zlib's own error included; and XML that is none.
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        KeyError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
        ParseError,
        DefusedXmlException,
    ):
        return False


def _is_bounded(parts: list[zipfile.ZipInfo]) -> bool:
    """Whether whoever unpacks these gets what an invoice may be, in the folder where it is unpacked."""
    return (
        len(parts) <= _MOST_PARTS
        and sum(part.file_size for part in parts) <= _MOST_UNPACKED
        and all(part.compress_type in _PACKED_AS for part in parts)
        and all(part.file_size <= _LARGEST_ROOT for part in parts if part.filename == _OFD_ROOT)
        and not any(
            part.filename.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", part.filename)
            for part in parts
        )
    )


def _read_through(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part in pieces, which are let go: its checksum is right, and it is as long as it says."""
    with packed.open(part) as stream:
        while stream.read(_CHUNK):
            pass


def _has_document(root: bytes, names: Collection[str]) -> bool:
    """Whether the root document is one, and names a document that is there. Raises ParseError, DefusedXmlException."""
    element = fromstring(root, forbid_dtd=True)
    if _local(element) != "OFD":
        return False
    shown = [
        str(below.text or "").strip().lstrip("/") for below in element.iter() if _local(below) == "DocRoot"
    ]
    return any(name in names for name in shown)


def _local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
