"""The operators' door: guessing is locked out, whoever is known is not, a second factor, and sessions that end."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, RequestFactory
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.base import door
from apps.base import second_factor as factors
from apps.base.models import AuditEntry

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
GOOD = "correct horse battery"


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("店长", password=GOOD)


def knock(browser: Client, password: str, *, name: str = "店长", code: str = "", **headers: str) -> int:
    """Try to log in; returns the answer's status: 302 let in, 200 refused, 429 locked out."""
    typed = {"username": name, "password": password, "code": code}
    return browser.post(f"{LOGIN}?next=/admin/", typed, **headers).status_code


def at(address: str) -> dict[str, str]:
    return {"REMOTE_ADDR": address}


def now_code(operator: User) -> str:
    """What an authenticator shows."""
    return f"{totp(TOTPDevice.objects.get(user=operator).bin_key):06d}"


def set_up(operator: User) -> list[str]:
    """Give an operator a factor; returns recovery codes."""
    factors.beginning(operator)
    TOTPDevice.objects.update(confirmed=True)
    return factors.new_recovery_codes(operator)


def test_who_guesses_five_times_is_locked_out_also_with_the_right_password(owner: User) -> None:
    browser = Client()
    assert [knock(browser, f"guess{number}", **at("203.0.113.9")) for number in range(4)] == [200] * 4
    assert knock(browser, "guess5", **at("203.0.113.9")) == 429
    assert knock(browser, GOOD, **at("203.0.113.9")) == 429


def test_a_forged_forwarded_for_does_not_dodge_the_lockout(owner: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(5):
        # What the client writes stands left of what our proxy adds.
        knock(
            Client(),
            "x",
            name=f"n{number}",
            HTTP_X_FORWARDED_FOR=f"10.9.8.{number}, 203.0.113.9",
            **at("10.0.0.2"),
        )
    forged = {"HTTP_X_FORWARDED_FOR": "198.51.100.77, 203.0.113.9"}
    assert knock(Client(), GOOD, **forged, **at("10.0.0.2")) == 429
    assert knock(Client(), GOOD, HTTP_X_FORWARDED_FOR="203.0.113.10", **at("10.0.0.2")) == 302


def test_without_a_proxy_of_ours_nobodys_forwarded_for_is_believed(rf: RequestFactory, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 0
    assert (
        door.address_of(rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4", REMOTE_ADDR="203.0.113.9"))
        == "203.0.113.9"
    )
    settings.TRUSTED_PROXIES = 2
    told = {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 203.0.113.9, 10.0.0.3", "REMOTE_ADDR": "10.0.0.2"}
    assert door.address_of(rf.get("/", **told)) == "203.0.113.9"


def test_one_household_of_ipv6_counts_as_one(rf: RequestFactory) -> None:
    assert door.address_of(rf.get("/", REMOTE_ADDR="2001:db8:1:2:aaaa::1")) == "2001:db8:1:2::"
    assert door.address_of(rf.get("/", REMOTE_ADDR="::ffff:203.0.113.9")) == "203.0.113.9"
    assert door.address_of(rf.get("/", REMOTE_ADDR="")) == "0.0.0.0"  # noqa: S104


def test_a_thousand_machines_have_five_guesses_between_them(owner: User) -> None:
    answers = [knock(Client(), "guess", **at(f"203.0.113.{number}")) for number in range(1, 8)]
    assert answers == [200, 200, 200, 200, 429, 429, 429]


def test_strangers_cannot_lock_the_owner_out_of_the_owners_own_computer(owner: User) -> None:
    own = Client()
    assert knock(own, GOOD, **at("198.51.100.1")) == 302
    own.post("/admin/logout/")
    for number in range(1, 8):
        knock(Client(), "guess", **at(f"203.0.113.{number}"))
    assert knock(Client(), GOOD, **at("198.51.100.2")) == 429
    assert knock(own, GOOD, **at("198.51.100.1")) == 302


def test_a_known_computer_guesses_no_more_than_others_do(owner: User) -> None:
    own = Client()
    knock(own, GOOD, **at("198.51.100.1"))
    own.post("/admin/logout/")
    assert [knock(own, "guess", **at("198.51.100.1")) for _ in range(5)] == [200, 200, 200, 200, 429]


def test_a_computer_known_for_one_operator_is_a_stranger_to_another(owner: User) -> None:
    User.objects.create_user("小王", password=GOOD, is_staff=True)
    his = Client()
    assert knock(his, GOOD, name="小王", **at("198.51.100.1")) == 302
    his.post("/admin/logout/")
    for number in range(1, 8):
        knock(Client(), "guess", **at(f"203.0.113.{number}"))
    assert knock(his, GOOD, **at("198.51.100.1")) == 429


def test_logins_are_in_the_audit_log_and_a_password_typed_as_a_name_is_not(owner: User) -> None:
    knock(Client(), "guess", **at("203.0.113.9"))
    knock(Client(), "guess", name="my-secret-passw0rd", **at("203.0.113.9"))
    knock(Client(), GOOD, **at("203.0.113.9"))
    told = list(AuditEntry.objects.order_by("id").values_list("action", "operator", "subject", "note"))
    assert told == [
        ("登录失败", owner.pk, "店长", "203.0.113.9"),
        ("登录失败", None, "未知用户名", "203.0.113.9"),
        ("登录", owner.pk, "店长", "203.0.113.9"),
    ]


def test_who_is_locked_out_cannot_fill_the_log(owner: User) -> None:
    for _ in range(20):
        knock(Client(), "guess", **at("203.0.113.9"))
    assert AuditEntry.objects.count() <= 5


def test_an_operator_sets_a_second_factor_up_and_needs_it_from_then_on(owner: User) -> None:
    browser = Client()
    knock(browser, GOOD)
    page = browser.get("/admin/second-factor/")
    assert "data:image/svg+xml" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert "不正确" in browser.post("/admin/second-factor/", {"code": "000000"}).content.decode()
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    done = browser.post("/admin/second-factor/", {"code": now_code(owner)}).content.decode()
    shown = re.search(r'id="recovery-codes">([^<]+)<', done)
    assert shown is not None
    codes = shown[1].split()
    assert len(set(codes)) == 10
    assert browser.get("/admin/").status_code == 200
    assert AuditEntry.objects.filter(action="启用两步验证", operator=owner).count() == 1
    assert codes[0] not in browser.get("/admin/second-factor/").content.decode()
    assert knock(Client(), GOOD) == 200
    assert knock(Client(), GOOD, code=codes[0]) == 302
    assert knock(Client(), GOOD, code=codes[0]) == 200
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert knock(Client(), GOOD, code=codes[1].upper().replace("-", " ")) == 302


def test_the_code_of_an_authenticator_opens_the_door_once(owner: User) -> None:
    set_up(owner)
    code = now_code(owner)
    assert knock(Client(), GOOD, code=code) == 302
    assert knock(Client(), GOOD, code=code) == 200


def test_codes_are_guessed_no_more_often_than_passwords(owner: User) -> None:
    set_up(owner)
    answers = [knock(Client(), GOOD, code=f"{number:06d}", **at("203.0.113.9")) for number in range(6)]
    assert answers[-1] == 429
    assert AuditEntry.objects.filter(action="登录").count() == 0


def test_a_session_from_before_the_factor_is_at_its_end(owner: User) -> None:
    elsewhere = Client()
    knock(elsewhere, GOOD)
    assert elsewhere.get("/admin/").status_code == 200
    set_up(owner)
    assert elsewhere.get("/admin/")["Location"].startswith(LOGIN)


def test_where_it_is_required_nothing_opens_before_it_is_set_up(owner: User, settings: Any) -> None:
    settings.ADMIN_SECOND_FACTOR = True
    browser = Client()
    knock(browser, GOOD)
    assert browser.get("/admin/orders/order/")["Location"] == "/admin/second-factor/"
    factors.beginning(owner)
    browser.post("/admin/second-factor/", {"code": now_code(owner)})
    assert browser.get("/admin/orders/order/").status_code == 200
    code = factors.new_recovery_codes(owner)[0]
    assert browser.post("/admin/second-factor/", {"code": code, "off": "1"}).status_code == 403
    assert TOTPDevice.objects.count() == 1


def test_where_it_is_not_required_it_can_be_given_up_with_a_code(owner: User) -> None:
    code = set_up(owner)[0]
    browser = Client()
    knock(browser, GOOD, code=now_code(owner))
    assert browser.post("/admin/second-factor/", {"code": code, "off": "1"}).status_code == 200
    assert TOTPDevice.objects.filter(confirmed=True).count() == 0
    assert knock(Client(), GOOD) == 302


def test_a_command_takes_a_factor_away_and_says_so_in_the_log(owner: User, capsys: Any) -> None:
    set_up(owner)
    call_command("reset_second_factor", "店长")
    assert knock(Client(), GOOD) == 302
    assert AuditEntry.objects.filter(action="重置两步验证", subject="店长").count() == 1


def test_no_page_of_the_admin_shows_the_keys_of_factors(owner: User) -> None:
    set_up(owner)
    browser = Client()
    knock(browser, GOOD, code=now_code(owner))
    assert browser.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert browser.get("/admin/otp_static/staticdevice/").status_code == 404


def test_a_session_ends_after_an_hour_without_a_click_and_after_half_a_day_in_any_case(
    owner: User, settings: Any
) -> None:
    browser = Client()
    knock(browser, GOOD)
    assert settings.SESSION_COOKIE_AGE == 3600
    assert browser.cookies["sessionid"]["max-age"] == 3600
    session = browser.session
    session["seen_at"] = timezone.now().timestamp() - 61
    session.save()
    assert browser.get("/admin/").cookies["sessionid"]["max-age"] == 3600
    session = browser.session
    session["logged_in_at"] = timezone.now().timestamp() - 12 * 3600 - 1
    session.save()
    assert browser.get("/admin/")["Location"].startswith(LOGIN)


def test_who_sends_a_form_after_the_session_ended_is_told_that_it_was_not_saved(owner: User) -> None:
    browser = Client()
    page = "/admin/catalog/brand/add/"
    for sent in ("nobody", "too long"):
        if sent == "too long":
            browser.force_login(owner)
            browser.get("/admin/")
            session = browser.session
            session["logged_in_at"] -= 13 * 3600
            session.save()
        answer = browser.post(page, {"name": "狮峰"})
        assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={page}&unsaved=1")
    assert "刚才提交的内容没有保存" in browser.get(answer["Location"]).content.decode()
    assert "没有保存" not in browser.get(f"/admin/login/?next={page}").content.decode()
    assert browser.get(page)["Location"] == f"/admin/login/?next={page}"


def test_nobody_reads_a_recovery_code_in_the_database(owner: User) -> None:
    codes = factors.new_recovery_codes(owner)
    kept = list(StaticToken.objects.values_list("token", flat=True))
    assert {len(token) for token in kept} == {16}
    assert {code.replace("-", "") for code in codes} & set(kept) == set()
    assert factors.check(owner, kept[0]) is None
    StaticDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    assert factors.check(owner, codes[0].upper()) is not None
    assert factors.check(owner, codes[0]) is None


def test_a_code_that_was_kept_readable_works_on_as_a_hash(owner: User) -> None:
    factors.new_recovery_codes(owner)
    StaticToken.objects.filter(pk=StaticToken.objects.order_by("pk")[0].pk).update(token="abcde23456")
    migration = import_module("apps.base.migrations.0008_recovery_codes_are_hashes")
    for _ in range(2):
        migration.hash_codes(apps, None)
    assert not StaticToken.objects.filter(token="abcde23456").exists()
    assert factors.check(owner, "abcde-23456") is not None


def test_a_wrong_password_is_told_in_one_plain_sentence(owner: User) -> None:
    answer = Client().post(LOGIN, {"username": owner.username, "password": "wrong"})
    assert "用户名或密码不正确（区分大小写），或该账号不能登录后台" in answer.content.decode()
