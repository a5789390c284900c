"""What the service tells operators about mail at the start, and the inbox page that replaces a mail server."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from mail_server import MailServer
from service import SENDER, Person, Service, code_in, running, with_mail

HTTPS = "https://auth.example.com"
SMTP = "smtp://127.0.0.1:1025"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"smtp_url": "not a url", "mail_from": SENDER}, "SMTP_URL is not a URL"),
        ({"smtp_url": "http://127.0.0.1:25", "mail_from": SENDER}, "SMTP_URL must begin with smtp:// or smtps://"),
        ({"smtp_url": f"{SMTP}?tls=maybe", "mail_from": SENDER}, "SMTP_URL takes `.tls=required` and `.tls=off` only"),
        ({"smtp_url": SMTP}, "MAIL_FROM is needed with SMTP_URL, as in `Example <no-reply@example.com>`"),
        ({"smtp_url": SMTP, "mail_from": "no-address"}, "MAIL_FROM must be an address"),
        ({"smtp_url": SMTP, "mail_from": f"{SENDER}\r\nBcc: a@b.example"}, "MAIL_FROM must be an address"),
        ({"mail_templates": "missing"}, "MAIL_TEMPLATES: missing"),
        ({"notices": "nonsense"}, "nonsense"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:30],
)
def test_a_wrong_setting_is_rejected_with_a_sentence(tmp_path: Path, settings: dict, sentence: str) -> None:
    assert_rejected(Service(tmp_path, **settings), sentence)


@pytest.mark.parametrize(
    "template",
    ["Subject: x\n\n{{ nonsense }}", "Subject: x\n\n{% if %}", "no subject\n\n{{ code }}", ""],
    ids=["unknown value", "syntax", "no subject", "empty"],
)
def test_a_broken_template_is_rejected_by_its_name(tmp_path: Path, template: str) -> None:
    write_template(tmp_path, "en/reset_code.txt", template)
    assert_rejected(Service(tmp_path, mail_templates=str(tmp_path)), "mail template en/reset_code")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("fr/resetcode.txt", b"Subject: x", "there is no mail template fr/resetcode.txt; did you mean `fr/reset_code.txt`"),
        ("layuot.html", b"", "there is no mail template layuot.html; did you mean `layout.html`"),
        ("fr/reset_code.txt", "Subject: Prénom".encode("latin-1"), "mail template fr/reset_code.txt is not in UTF-8"),
        ("fr/reset_code.html", b"<p>{{ code }}", "fr/reset_code.html needs a reset_code.txt beside it"),
    ],
)
def test_a_misspelt_or_unreadable_template_is_rejected_by_its_name(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    write_template(tmp_path / "templates", name, "")
    (tmp_path / "templates" / name).write_bytes(content)
    assert_rejected(Service(tmp_path, mail_templates=str(tmp_path / "templates")), sentence)


def assert_rejected(service: Service, sentence: str) -> None:
    status, said = service.failed_start()
    assert status not in (0, -9), said
    assert re.search(sentence, said), said
    assert "panicked" not in said and len(said.splitlines()) < 12, said


def write_template(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text(text)


def test_an_operators_templates_take_the_place_of_the_built_in_ones(tmp_path: Path) -> None:
    write_template(
        tmp_path, "en/reset_code.txt", "Subject: {{ service }} says {{ code }}\n\nOnly {{ minutes }} minutes."
    )
    write_template(tmp_path, "fr/reset_code.txt", "Subject: Votre code\n\n{{ code }}\n")
    write_template(tmp_path, "layout.html", "<!doctype html><p>Ours</p>{% block body %}{% endblock %}")
    with MailServer().serve() as server:
        with running(tmp_path, mail_templates=str(tmp_path), **with_mail(server)) as service:
            english, french = Person(service).sign_up(), Person(service, language="fr-CH").sign_up()
            english.ask_for_reset()
            message = server.wait_for(english.email).message
            assert re.fullmatch(r"Example says \d{8}", message["Subject"])
            assert message.get_body(["plain"]).get_content().strip() == "Only 10 minutes."
            html = message.get_body(["html"]).get_content()
            assert "<p>Ours</p>" in html and code_in(html) in message["Subject"]

            french.ask_for_reset()
            message = server.wait_for(french.email).message
            assert message["Subject"] == "Votre code"
            assert message.get_content_type() == "text/plain", "no HTML in another language"
            french.ask_for_code()
            message = server.wait_for(french.email, 2).message
            assert re.fullmatch(r"\d{8} is your code to confirm your address", message["Subject"])


def test_a_sender_in_an_international_domain_and_an_own_name_for_the_service(tmp_path: Path) -> None:
    settings = {"mail_from": "Lesen <no-reply@bücher.example>", "smtp_ehlo_name": "app.example.com"}
    with MailServer().serve() as server:
        with running(tmp_path, smtp_url=server.url, **settings) as service:
            person = Person(service).sign_up()
            person.ask_for_reset()
            delivery = server.wait_for(person.email)
    assert delivery.sender == "no-reply@xn--bcher-kva.example"
    assert delivery.message["From"] == "Lesen <no-reply@xn--bcher-kva.example>"
    assert server.introduced_as == "app.example.com"


def test_notices_can_be_switched_off_and_codes_cannot(tmp_path: Path) -> None:
    with MailServer().serve() as server:
        with running(tmp_path, notices="none", **with_mail(server)) as service:
            person = Person(service).sign_up_and_verify(server)
            assert person.call("DELETE", "/api/users/me").status_code == 200
            service.wait_until_all_is_sent()
    assert len(server.deliveries) == 1


def test_a_public_service_without_a_mail_server_says_so_and_keeps_the_mails(tmp_path: Path) -> None:
    with running(tmp_path, public_url=HTTPS) as service:
        assert "no mail server is set" in service.log.read_text(), service.log.read_text()
        assert "/dev/inbox" not in service.log.read_text(), service.log.read_text()
        person = Person(service).sign_up()
        person.ask_for_reset()
        assert service.waiting_mails() == 1
        assert not re.search(r"\b\d{8}\b", service.log.read_text()), "no code in the log"


def test_there_is_no_inbox_beside_a_mail_server(tmp_path: Path) -> None:
    with MailServer() as server, running(tmp_path, **with_mail(server)) as service:
        assert "/dev/inbox" not in service.log.read_text(), service.log.read_text()
        assert httpx.get(f"{service.url}/dev/inbox/{'A' * 22}").status_code == 404


@pytest.fixture(scope="module")
def developer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service as developers start it: on localhost, without any settings for mail."""
    with running(tmp_path_factory.mktemp("developer")) as service:
        yield service


def inbox_url(service: Service) -> str:
    """The address that the service printed at the start."""
    return re.search(rf"{service.url}/dev/inbox/\S{{22}}", service.log.read_text())[0]


def test_the_inbox_shows_mails_as_text_and_escapes_them(developer: Service) -> None:
    person = Person(developer, email="o'neil&{{7*7}}@example.com").sign_up()
    person.ask_for_reset()
    developer.wait_until_all_is_sent()
    page = httpx.get(inbox_url(developer))
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    # The page's own script, by its hash, and no other.
    (scripts,) = [directive for directive in policy if directive.startswith("script-src")]
    assert re.fullmatch(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", scripts)
    assert person.email not in page.text
    assert "o&#x27;neil&amp;{{7*7}}@example.com" in page.text
    # The mail's HTML is text inside an attribute.
    assert page.text.lower().count("<!doctype html>") == 1
    assert re.search(r"<pre>[^<]*\b\d{8}\b[^<]*</pre>", page.text)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8080", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("rebound.example:8080", 404),
        ("localhost.rebound.example", 404),
        ("127.0.0.1.rebound.example", 404),
        ("rebound.example:localhost", 404),
        ("192.0.2.1", 404),
        ("[2001:db8::1]:8080", 404),
        ("", 404),
    ],
)
def test_the_inbox_is_there_for_local_names_only(developer: Service, host: str, status: int) -> None:
    """DNS rebinding: a foreign page whose host name was pointed at this machine sends that host name."""
    assert httpx.get(inbox_url(developer), headers={"Host": host}).status_code == status


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_the_inbox_is_not_there_through_a_proxy(developer: Service, name: str) -> None:
    assert httpx.get(inbox_url(developer)).status_code == 200
    assert httpx.get(inbox_url(developer), headers={name: "203.0.113.9"}).status_code == 404

