"""The demo's operator reads pages as a browser does: what a form holds is sent back, what is shown is chosen."""

from __future__ import annotations

from config.local.pages import Page

SHIPPING = """
<html><body><a href="/admin/orders/order/7/change/">202611</a><script>var no = "text";</script>
<form method="get"><input name="q" value="x"></form>
<form method="post"><input type="hidden" name="token" value="a&amp;b">
<select name="carrier"><option value="">请选择</option><option value="SF">顺丰速运</option></select>
<select name="place"><option value="1">上海仓</option><option value="2" selected>杭州仓</option></select>
<input type="text" name="tracking_no"><input type="number" name="line_3" value="2">
<input type="submit" name="_save" value="确认"></form><p>还有 2 件</p></body></html>
"""


def test_a_form_holds_what_the_page_filled_in_and_nothing_of_other_forms() -> None:
    form = Page(SHIPPING).form_with("tracking_no")
    assert form is not None
    assert form.fields == {"token": "a&b", "place": "2", "tracking_no": "", "line_3": "2"}


def test_a_choice_is_made_by_what_a_person_reads() -> None:
    form = Page(SHIPPING).form_with("carrier")
    assert form is not None
    assert form.choice("carrier", "顺丰") == "SF"
    assert form.choice("carrier", "请选择") is None
    assert form.choice("carrier", "圆通") is None


def test_links_and_text_are_those_that_a_person_sees() -> None:
    page = Page(SHIPPING)
    assert page.links == ["/admin/orders/order/7/change/"]
    assert "还有 2 件" in page.text
    assert "var no" not in page.text
