"""Every kind of mail: it arrives once, in good form, at one address, and what it carries works."""

import re
import time
from email.utils import parsedate_to_datetime

import pytest
from mail_server import Delivery, MailServer
from service import PASSWORD, Person, Service, code_in

NEW_PASSWORD = "another horse battery"


@pytest.fixture
def owner(service: Service, mail_server: MailServer) -> Person:
    """A person with a verified address, which has received one mail so far."""
    return Person(service).sign_up_and_verify(mail_server)


def read(delivery: Delivery, to: str, subject: str) -> str:
    """What a mail says as plain text, once it is sure that it is one mail in good form to one address."""
    assert delivery.recipients == [to]
    assert delivery.sender == "no-reply@example.com"
    assert_well_formed(delivery.content)
    message = delivery.message
    assert_no_defects(message)
    assert [(address.display_name, address.addr_spec) for address in message["From"].addresses] == [
        ("Example", "no-reply@example.com")
    ]
    assert [address.addr_spec for address in message["To"].addresses] == [to]
    for name in ["Cc", "Bcc", "Reply-To"]:
        assert message[name] is None
    assert re.fullmatch(subject, message["Subject"]), message["Subject"]
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.com>", message["Message-ID"])
    assert abs(parsedate_to_datetime(message["Date"]).timestamp() - time.time()) < 60
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "multipart/alternative"
    # The best form stands last (RFC 2046, 5.1.4).
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert "<" not in text.get_content() and "{" not in text.get_content()
    assert_says_the_same(text.get_content(), html.get_content())
    return text.get_content()


def assert_well_formed(content: bytes) -> None:
    """Lines as RFC 5322, 2.1.1 and 2.3 wants them."""
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\r" not in content.replace(b"\r\n", b"") and b"\n" not in content.replace(b"\r\n", b"")


def assert_no_defects(message) -> None:
    for part in message.walk():
        assert part.defects == []
        for name, value in part.items():
            assert len(part.get_all(name)) == 1, name
            assert list(value.defects) == [], name


def assert_says_the_same(text: str, html: str) -> None:
    assert html.lstrip().lower().startswith("<!doctype html>")
    assert not re.search(r"<(script|img|link|iframe|form)|https?://(?!localhost:)", html), "nothing is fetched or run"
    for value in re.findall(r"\b\d{8}\b|\b[\w-]{22}\b|\d{4}-\d\d-\d\d \d\d:\d\d UTC", text):
        assert value in html


def test_a_reset_code_sets_a_new_password(service: Service, mail_server: MailServer) -> None:
    person = Person(service).sign_up()
    person.ask_for_reset()
    text = read(mail_server.wait_for(person.email), person.email, r"\d{8} is your code to reset your password")
    person.succeed("POST", f"/{person.email}/reset-password", {"otp": code_in(text), "new_password": NEW_PASSWORD})
    assert (person.log_in(PASSWORD), person.log_in(NEW_PASSWORD)) == (401, 200)


def test_a_verify_code_confirms_the_address(service: Service, mail_server: MailServer) -> None:
    person = Person(service).sign_up()
    person.ask_for_code()
    text = read(mail_server.wait_for(person.email), person.email, r"\d{8} is your code to confirm your address")
    assert person.verify(code_in(text))["user"]["email_verified"] is True


def test_a_change_code_moves_the_account_and_the_former_address_is_told(
    owner: Person, service: Service, mail_server: MailServer
) -> None:
    former, new = owner.email, Person(service).email
    pending = owner.succeed("PATCH", "/api/users/me", {"email": new, "current_password": PASSWORD})["user"]
    assert (pending["primary_email"], pending["pending_email"]) == (former, new)
    text = read(mail_server.wait_for(new), new, r"\d{8} is your code to confirm your new address")
    assert owner.verify(code_in(text))["user"]["primary_email"] == new

    text = read(mail_server.wait_for(former, 2), former, "Your e-mail address was changed")
    (key,) = re.findall(r"^[\w-]{22}\r?$", text, re.MULTILINE)
    assert "3 days" in text
    assert new not in text
    owner.succeed("POST", "/api/auth/email/restore", {"token": key})
    assert owner.call("GET", "/api/auth/session").status_code == 401
    assert owner.log_in(PASSWORD) == 401
    owner.ask_for_reset()
    mail_server.wait_for(former, 3)
    assert len(mail_server.to(new)) == 1


def test_a_changed_password_is_told(owner: Person, mail_server: MailServer) -> None:
    owner.succeed("PATCH", "/api/users/me", {"password": NEW_PASSWORD, "current_password": PASSWORD})
    text = read(mail_server.wait_for(owner.email, 2), owner.email, "Your password was changed")
    assert time.strftime("%Y-%m-%d", time.gmtime()) in text or time.gmtime().tm_hour == 0
    assert NEW_PASSWORD not in text


def test_a_reset_password_is_told(owner: Person, mail_server: MailServer) -> None:
    owner.ask_for_reset()
    code = code_in(mail_server.wait_for(owner.email, 2).message.get_body(["plain"]).get_content())
    body = {"action": "validate", "email": owner.email, "otp": code, "new_password": NEW_PASSWORD}
    owner.succeed("POST", "/auth/otp", body)
    read(mail_server.wait_for(owner.email, 3), owner.email, "Your password was changed")


def test_a_deleted_account_is_told(owner: Person, mail_server: MailServer) -> None:
    assert owner.call("DELETE", "/api/users/me", {"current_password": PASSWORD}).json() is True
    read(mail_server.wait_for(owner.email, 2), owner.email, "Your account was deleted")


# The mail of a new log-in has its place here.


def test_an_address_without_an_account_gets_nothing(service: Service, mail_server: MailServer) -> None:
    stranger, owner = Person(service), Person(service).sign_up()
    stranger.ask_for_reset()
    owner.ask_for_reset()
    mail_server.wait_for(owner.email)
    service.wait_until_all_is_sent()
    assert mail_server.to(stranger.email) == []


def test_german_is_written_to_those_who_read_it(service: Service, mail_server: MailServer) -> None:
    person = Person(service, language="de-AT,de;q=0.9,en;q=0.5").sign_up()
    person.ask_for_reset()
    text = read(mail_server.wait_for(person.email), person.email, r"\d{8} ist Ihr Code zum Zurücksetzen des Passworts")
    assert "Passwort bleibt, wie es ist" in text
    assert 'lang="de"' in mail_server.to(person.email)[0].message.get_body(["html"]).get_content()

    assert person.call("DELETE", "/api/users/me", {"current_password": PASSWORD}).status_code == 200
    read(mail_server.wait_for(person.email, 2), person.email, "Ihr Konto wurde gelöscht")


def test_a_domain_in_other_letters_is_mailed_to_by_its_ascii_name(service: Service, mail_server: MailServer) -> None:
    person = Person(service, email="Jane.Doe+x@bücher.example").sign_up()
    person.ask_for_reset()
    deliverable = "Jane.Doe+x@xn--bcher-kva.example"
    read(mail_server.wait_for(deliverable), deliverable, r"\d{8} is your code.*")
