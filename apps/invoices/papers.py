"""What an electronic invoice is, told by the content of its file and never by its name: PDF or OFD."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Final

from apps.invoices.states import FileKind
from mall.errors import Fault, Faulty

LARGEST: Final = 5 * 1024 * 1024
_MOST_PARTS: Final = 2_000
_MOST_UNPACKED: Final = 64 * 1024 * 1024
# Both begin and end of a PDF: what is cut off has no trailer.
_PDF_HEAD: Final = re.compile(rb"%PDF-[12]\.[0-9]")
_PDF_TAIL: Final = 2048
# GB/T 33190-2016: a ZIP whose root document is OFD.xml.
_OFD_ROOT: Final = "OFD.xml"
_OFD_ELEMENT: Final = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?OFD[\s>]")
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


def check(paper: Paper, *, today: date) -> FileKind:
    """Hold a paper against what an invoice is, and say what its file is. Raises PaperRefused."""
    faults = []
    if not _NUMBER.fullmatch(paper.number):
        faults.append(Fault("number", "发票号码为 20 位数字（数电票）或 8 位数字"))
    elif len(paper.number) == 8 and not _CODE.fullmatch(paper.code):
        faults.append(Fault("code", "8 位号码的发票须填写 10 或 12 位发票代码"))
    elif len(paper.number) == 20 and paper.code:
        faults.append(Fault("code", "数电票没有发票代码，请留空"))
    if paper.issued_on > today:
        faults.append(Fault("issued_on", "开票日期不能晚于今天"))
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
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                return False
            with packed.open(_OFD_ROOT) as root:
                return bool(_OFD_ELEMENT.search(root.read(64 * 1024)))
    # What a broken or a locked ZIP can raise, a wrong checksum and zlib's own error included.
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
    ):
        return False
