"""What a browser would send of a form is read from its page, whatever else stands there."""

from __future__ import annotations

import pytest

from apps.base.html_inputs import Input, inputs_of


def read(body: str) -> list[Input]:
    return inputs_of(f'<p>无关</p><form id="elsewhere"><input name="x"></form>{body}', form="it")


def test_every_kind_of_input_is_read_as_a_browser_would_send_it() -> None:
    assert read(
        """<form class="big" id="it">
        <div><label for="a">名称</label><input name="a" value="茶 &lt;b&gt;"></div>
        <input type="checkbox" name="on" checked><input type="checkbox" name="off" value="7">
        <input type="submit" name="_save" value="保存"><input name="gone" disabled value="1"><input type="file" name="f">
        <select name="s"><optgroup label="g"><option value="1">一</option><option value="2" selected>二</option></optgroup>
        </select>
        <textarea name="t">\n第一行 &amp; 第二行</textarea>
        </form>"""
    ) == [
        Input("a", "茶 <b>", "茶 <b>"),
        Input("on", "on", "是"),
        Input("off", "7", "7", sent=False),
        Input("f", "", "", sent=False),
        Input("s", "2", "二"),
        Input("t", "第一行 & 第二行", "第一行 & 第二行"),
    ]


@pytest.mark.parametrize(
    "noise",
    [
        '<div x-show="a > 1 && b < 2" x-on:click="open = !open">',
        "<script>let html = '<input name=\"b\"><option>';</script>",
        "<style>a > b { color: red }</style>",
        '<!-- <input name="c"> -->',
        '<span title="a &lt;input name=&quot;d&quot;&gt;">1 < 2</span>',
        "<inputs name='e'></inputs><x-option></x-option><formset></formset>",
        "<!-- <div -->",
        """<p title='a "b' x-show="c < d || 'e' > f">""",
        "<script>if (a<b) { x = '</div>' }</script >",
    ],
)
def test_what_is_no_input_is_none_and_hides_none(noise: str) -> None:
    assert read(f'<form id="it">{noise}<input name="a" value="1">{noise}</form>') == [Input("a", "1", "1")]


def test_an_option_is_read_without_the_tags_in_it() -> None:
    body = '<form id="it"><select name="s"><option selected><b>一</b> 二</option></select></form>'
    assert read(body) == [Input("s", "一 二", "一 二")]


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ('<INPUT NAME="a" VALUE="1">', "1"),
        ('<input name="a" value="<b>x</b>">', "<b>x</b>"),
        ('<input name="a" value="1 < 2" data-x="c > d">', "1 < 2"),
        ('<select name="a"><option value="<b>" selected>x</option></select>', "<b>"),
        ('<textarea name="a">&lt;b&gt; &lt;option&gt;</textarea>', "<b> <option>"),
    ],
)
def test_what_stands_in_an_input_is_its_own(tag: str, value: str) -> None:
    [one] = read(f'<form id="it"><div>{tag}</div></form>')
    assert (one.name, one.value) == ("a", value)
