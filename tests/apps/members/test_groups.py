"""Groups of members: put in and taken out by lists of numbers, counted, shown with the member."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.base.models import AuditEntry
from apps.members.models import Group, Membership
from apps.members.services import groups
from mall.errors import NotFound
from tests.apps.members import make
from tests.apps.members.make import AT

pytestmark = pytest.mark.django_db
BASE = "/admin/members/group/"


def group(name: str = "茶友会") -> Group:
    return Group.objects.create(name=name)


def ids(of: Group) -> set[int]:
    return set(of.memberships.values_list("member_id", flat=True))


def said(answer: Any) -> str:
    return str(answer.content.decode())


def test_members_are_put_in_once_however_often_they_are_named_and_the_unknown_are_counted():
    club, one, two = group(), make.member(), make.member()
    numbers = [one.public_id, f" {two.public_id}\r\n", "", one.public_id, "NOBODY"]
    assert groups.add(group_id=club.pk, member_numbers=iter(numbers), at=AT) == (2, 1)
    assert groups.add(group_id=club.pk, member_numbers=[two.public_id], at=AT) == (0, 0)
    assert ids(club) == {one.pk, two.pk}


def test_members_are_taken_out_of_this_group_only():
    club, other, one, two = group(), group("老客"), make.member(), make.member()
    for into in (club, other):
        groups.add(group_id=into.pk, member_numbers=[one.public_id, two.public_id], at=AT)
    assert groups.remove(group_id=club.pk, member_numbers=[one.public_id, "NOBODY"]) == (1, 1)
    assert groups.remove(group_id=club.pk, member_numbers=[one.public_id]) == (0, 0)
    assert (ids(club), ids(other)) == ({two.pk}, {one.pk, two.pk})


def test_a_list_longer_than_one_piece_is_taken_whole(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(groups, "CHUNK", 2)
    club, five = group(), [make.member() for _ in range(5)]
    numbers = [member.public_id for member in five]
    assert groups.add(group_id=club.pk, member_numbers=numbers, at=AT) == (5, 0)
    assert groups.remove(group_id=club.pk, member_numbers=numbers[:3]) == (3, 0)
    assert ids(club) == {member.pk for member in five[3:]}


def test_a_group_that_does_not_exist_takes_nobody():
    for act in (
        lambda: groups.add(group_id=7, member_numbers=[], at=AT),
        lambda: groups.remove(group_id=7, member_numbers=[]),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_operator_keeps_a_group_by_typed_numbers_and_an_uploaded_file(admin_client: Client):
    one, two = make.member(), make.member()
    assert admin_client.post(f"{BASE}add/", {"name": "茶友会", "note": "每月一聚"}).status_code == 302
    club = Group.objects.get()
    upload = SimpleUploadedFile("名单.csv", f"\ufeff{two.public_id},小王\r\nNOBODY,x\r\n".encode())
    form = {"numbers": one.public_id, "upload": upload}
    assert admin_client.get(f"{BASE}{club.pk}/add-members/").status_code == 200
    answer = admin_client.post(f"{BASE}{club.pk}/add-members/", form, follow=True)
    assert "已添加 2 人，1 个编号无法识别" in said(answer)
    assert ids(club) == {one.pk, two.pk}
    answer = admin_client.post(f"{BASE}{club.pk}/remove-members/", {"numbers": one.public_id}, follow=True)
    assert "已移出 1 人" in said(answer)
    assert ids(club) == {two.pk}
    assert list(AuditEntry.objects.order_by("id").values_list("action", "note")) == [
        ("新增", ""),
        ("会员分组添加会员", "已添加 2 人，1 个编号无法识别"),
        ("会员分组移出会员", "已移出 1 人"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        "会员编号\t昵称\r\n{number}\t小王\r\n".encode("utf-16"),
        "会员编号,昵称\r\n{number},小王\r\n".encode("gbk"),
        "会员编号\n{number};小王\n".encode(),
        b"a\x00b\n{number}\n",
    ],
    ids=["Unicode text of Excel", "GBK", "semicolons", "a sign of no text"],
)
def test_a_list_is_read_in_whatever_way_spreadsheets_write_it(admin_client: Client, written: bytes):
    club, one = group(), make.member()
    wide = written.startswith(b"\xff\xfe")
    number = one.public_id.encode("utf-16-le" if wide else "ascii")
    mark = "{number}".encode("utf-16-le" if wide else "ascii")
    upload = SimpleUploadedFile("名单.csv", written.replace(mark, number))
    answer = admin_client.post(f"{BASE}{club.pk}/add-members/", {"upload": upload}, follow=True)
    assert "已添加 1 人，1 个编号无法识别" in said(answer)


def test_a_number_in_small_letters_is_the_same_number(admin_client: Client):
    club, one = group(), make.member()
    form = {"numbers": one.public_id.lower()}
    answer = admin_client.post(f"{BASE}{club.pk}/add-members/", form, follow=True)
    assert "已添加 1 人" in said(answer)


@pytest.mark.parametrize("begins", [b"PK\x03\x04\x14\x00\x06\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_workbook_is_refused_with_what_to_do_instead(admin_client: Client, begins: bytes):
    club = group()
    upload = SimpleUploadedFile("名单.xlsx", begins + b"\0" * 40)
    answer = admin_client.post(f"{BASE}{club.pk}/add-members/", {"upload": upload})
    assert "这是 Excel 文件，请另存为 CSV 后上传" in said(answer)
    assert not Membership.objects.exists()


def test_a_list_of_nobody_is_refused_with_the_reason(admin_client: Client):
    club = group()
    for button in ("add-members", "remove-members"):
        assert "请填写会员编号或上传文件" in said(admin_client.post(f"{BASE}{club.pk}/{button}/", {}))
    assert not AuditEntry.objects.exists()


def test_the_list_counts_the_member_shows_its_groups_and_the_group_shows_its_members(admin_client: Client):
    club, one, other = group(), make.member("小茶"), make.member("老王")
    group("无人")
    groups.add(group_id=club.pk, member_numbers=[one.public_id], at=AT)
    rows = {row.name: row.members for row in admin_client.get(BASE).context["cl"].queryset}
    assert rows == {"茶友会": 1, "无人": 0}
    assert "茶友会" in said(admin_client.get(f"/admin/members/member/{one.pk}/change/"))
    assert "茶友会" not in said(admin_client.get(f"/admin/members/member/{other.pk}/change/"))
    shown = admin_client.get(f"{BASE}{club.pk}/members/", follow=True)
    assert list(shown.context["cl"].queryset) == [one]


def test_only_an_empty_group_can_be_deleted(admin_client: Client):
    club, one = group(), make.member()
    groups.add(group_id=club.pk, member_numbers=[one.public_id], at=AT)
    delete = f"{BASE}{club.pk}/delete/"
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    groups.remove(group_id=club.pk, member_numbers=[one.public_id])
    assert admin_client.post(delete, {"post": "yes"}).status_code == 302
    assert not Group.objects.exists()


def test_an_operator_who_may_only_look_changes_no_group(client: Client):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename="view_group"))
    client.force_login(looker)
    club, one = group(), make.member()
    assert client.get(BASE).status_code == 200
    for button in ("add-members", "remove-members"):
        assert client.post(f"{BASE}{club.pk}/{button}/", {"numbers": one.public_id}).status_code == 403
    assert client.get(f"{BASE}{club.pk}/members/").status_code == 403
    assert not Membership.objects.exists()


def test_a_long_list_of_groups_takes_no_more_statements_than_a_short_one(
    admin_client: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
):
    group("第一组")
    admin_client.get(BASE)
    with django_assert_max_num_queries(7) as counted:
        admin_client.get(BASE)
    for number in range(20):
        groups.add(group_id=group(f"组{number}").pk, member_numbers=[make.member().public_id], at=AT)
    with django_assert_num_queries(len(counted)):
        assert admin_client.get(BASE).status_code == 200
