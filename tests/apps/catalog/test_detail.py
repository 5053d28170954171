"""Pasted detail pages: what is harmless stays, what can be completed is, and what went is said with its line."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from apps.catalog import detail, pasting
from mall.errors import Invalid

IMG = "https://img.alicdn.com/i1/cup.jpg"


def told(html: str, **how: Any) -> list[str]:
    return detail.cleaned(html, **how).remarks


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        (f'<img src="/s/blank.gif" data-src="{IMG}">', f'<img src="{IMG}">'),
        (
            f'<img data-original="{IMG}" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
            f'<img src="{IMG}">',
        ),
        (f'<img data-ks-lazyload="{IMG}">', f'<img src="{IMG}">'),
        (f'<img src="{IMG}" data-url="not an address">', f'<img src="{IMG}">'),
        ('<img src="//img.alicdn.com/i1/cup.jpg">', f'<img src="{IMG}">'),
        ('<img data-src="//img.alicdn.com/i1/cup.jpg">', f'<img src="{IMG}">'),
        (f'<img srcset="https://a.cn/1.jpg 1x, {IMG} 2x">', f'<img src="{IMG}">'),
        (f'<img data-src="{IMG}"><noscript><img src="{IMG}"></noscript>', f'<img src="{IMG}">'),
        (f'<picture><source srcset="x.webp"><img src="{IMG}"></picture>', f'<img src="{IMG}">'),
        ("<del>¥99</del> <s>¥88</s> <strike>¥77</strike>", "<del>¥99</del> <s>¥88</s> <del>¥77</del>"),
        ('<p align="center">茶</p>', '<p style="text-align: center">茶</p>'),
        ("<center>茶</center>", '<div style="text-align: center">茶</div>'),
        ('<font color="#c00" size="5">茶</font>', '<span style="color: #c00; font-size: 24px">茶</span>'),
        (
            '<table><tr><td bgcolor="#eee" width="80">茶</td></tr></table>',
            '<table><tbody><tr><td width="80" style="background-color: #eee">茶</td></tr></tbody></table>',
        ),
        # As 135编辑器 and 秀米 write.
        (
            '<section class="_135editor" data-id="9" style="text-align:center;background:rgb(254, 240, 230);'
            'border-left:4px solid #f96;padding:8px 12px;box-sizing:border-box;display:inline-block">'
            '<strong style="color:#ff2941;letter-spacing:1.5px">新茶</strong></section>',
            '<section style="text-align: center; background-color: rgb(254, 240, 230); '
            'border-left: 4px solid #f96; padding: 8px 12px; box-sizing: border-box; display: inline-block">'
            '<strong style="color: #ff2941; letter-spacing: 1.5px">新茶</strong></section>',
        ),
        ('<p style="display:none">暗记</p>', '<p style="display: none">暗记</p>'),
    ],
)
def test_what_is_harmless_stays_and_what_can_be_completed_is_without_a_word(pasted: str, shown: str) -> None:
    assert detail.cleaned(pasted) == (shown, [])
    assert detail.sanitised(shown) == shown


@pytest.mark.parametrize(
    ("pasted", "remark"),
    [
        ("茶\n\n<iframe src='https://v.qq.com'>不支持</iframe>", "第 3 行：嵌入的网页不能放在详情里，已去掉"),
        ("<video src='a.mp4'></video>", "第 1 行：视频（请用「视频」一栏上传）不能放在详情里，已去掉"),
        ("<img>\n<img>", "第 1、2 行：图片没有可用的地址，已去掉"),
        ("<img src='images/a.jpg'>", "第 1 行：图片只有相对地址，无法找到，已去掉；请上传或粘贴完整地址"),
        ("<img src='file:///C:/a.jpg'>", "第 1 行：图片在您的电脑或别的程序里，网上找不到，已去掉；请上传"),
        ("<img src='http://a.cn/a.jpg'>", "第 1 行：图片地址是 http，手机上可能不显示，请换成 https"),
        ("<p style='position:fixed'>茶</p>", "第 1 行：定位、动画等样式不支持，已去掉，文字保留"),
        (
            "<p style='background:url(//t.cn/x.png)'>茶</p>",
            "第 1 行：背景图片不能显示，已去掉；请改用普通图片",
        ),
        ("<p onclick='x()'>茶</p>", "第 1 行：点击等脚本事件已去掉"),
        ("<a href='javascript:x()'>茶</a>", "第 1 行：链接地址无效，已去掉链接，文字保留"),
        ("<mp-goods>茶</mp-goods>", "第 1 行：不支持的标签 <mp-goods>，已去掉，文字保留"),
        ("<form><input></form>", "第 1 行：表单不能放在详情里，已去掉，文字保留"),
    ],
)
def test_what_cannot_be_shown_is_said_with_its_line(pasted: str, remark: str) -> None:
    assert told(pasted) == [remark]


def test_the_same_thing_a_hundred_times_is_one_sentence() -> None:
    assert told("<img>\n" * 100) == ["第 1、2、3、4、5 行等 100 处：图片没有可用的地址，已去掉"]


@pytest.mark.parametrize(
    "style",
    [
        "background-image: url(https://evil.example/x)",
        "background: #fff url(https://evil.example/x)",
        "list-style: url(https://evil.example/x)",
        "color: expression(alert(1))",
        "width: calc(1px); position: fixed; top: 0; z-index: 9",
        "color: red\\; position: fixed",
        "border-color: /* */ url(x)",
        "transform: translate(0, -99px)",
        "animation: x 1s",
        "margin: 0;position:absolute",
        "color: var(--x, url(x))",
    ],
)
def test_no_look_fetches_from_elsewhere_or_lies_over_the_page(style: str) -> None:
    for page in (
        f'<p style="{style}">茶</p>',
        f"<p style='{style}'x=>茶",
        f"<p\x0cstyle={style.replace(' ', '')}>茶",
    ):
        kept = detail.sanitised(page)
        assert not any(
            word in kept for word in ("url", "expression", "position", "transform", "animation", "z-index")
        )
        assert detail.sanitised(kept) == kept


def test_a_picture_that_was_pasted_whole_is_taken_in() -> None:
    taken: list[bytes] = []

    def take(content: bytes) -> str:
        taken.append(content)
        return "/media/details/cup.jpg"

    pasted = f'<p><img alt="杯" src="data:image/png;base64,{base64.b64encode(b"cup").decode()}"></p>'
    assert detail.cleaned(pasted, take=take) == ('<p><img alt="杯" src="/media/details/cup.jpg"></p>', [])
    assert taken == [b"cup"]
    # Whoever has nobody to draw it, keeps none.
    assert detail.sanitised(pasted) == "<p></p>"


def test_a_pasted_picture_that_cannot_be_read_is_said_and_only_so_many_are_taken() -> None:
    def refuse(content: bytes) -> str:
        raise Invalid("无法识别的图片")

    one = '<img src="data:image/png;base64,eA==">\n'
    assert told(one, take=refuse) == ["第 1 行：粘贴的图片无法收下，已去掉：无法识别的图片"]
    page = detail.cleaned(one * (pasting.MOST_TAKEN + 1), take=lambda content: "/media/details/x.jpg")
    assert page.html.count("<img") == pasting.MOST_TAKEN
    assert page.remarks == ["第 21 行：一次最多收下 20 张直接粘贴的图片，其余已去掉"]


@pytest.mark.parametrize(
    "page",
    [
        "a &lt; b &amp; c &nbsp;— 1 < 2 <3",
        "<p><!-- 注 -->茶<![if !x]>x<![endif]><o:p></o:p></p>",
        "<b>没有<i>关好",
        '<p title="<script>">茶</p>',
        "<svg><p><style><!--</style><img src=x onerror=alert(1)>",
        "<table><td align=right>1",
    ],
)
def test_cleaning_twice_gives_the_same(page: str) -> None:
    once = detail.sanitised(page)
    assert detail.sanitised(once) == once
    assert "onerror" not in once and "<script" not in once
