"""No address makes a second recipient, or a header."""

import pytest
from mail_server import MailServer
from service import PASSWORD, Person, Service

HOSTILE = [
    "a@b.example\r\nBcc: victim@example.com",
    "a@b.example\nRCPT TO:<victim@example.com>",
    "a@b.example%0d%0aBcc:victim@example.com",
    "a@b.example, victim@example.com",
    "a@b.example;victim@example.com",
    "a@b.example victim@example.com",
    "Friend <victim@example.com>",
    "<victim@example.com>",
    '"a b"@b.example',
    '"a\\" <victim@example.com>"@b.example',
    "victim@example.com(comment)",
    "group:victim@example.com,a@b.example;",
    "@relay.example:victim@example.com",
    "a@b.example>\r\nDATA",
    "a@[127.0.0.1]",
    "a@b.example\u2028Bcc: victim@example.com",
    "a@b.example\0@example.com",
    # Some mail servers decode it and deliver to mallory@evil.example.
    "=?utf-8?q?mallory=40evil.example=3e?=@example.com",
]
# Valid addresses full of characters that are special to some mail servers.
ODD = ["a%b@example.com", "a!b@example.com", "{{7*7}}@example.com", "a'b`c|d@example.com"]


@pytest.mark.parametrize("address", HOSTILE)
def test_input_that_is_not_one_address_is_rejected_everywhere(service: Service, address: str) -> None:
    person = Person(service, email=address)
    owner = Person(service).sign_up()
    for answer in [
        person.call("POST", "/api/auth/sign-up", {"email": address, "password": PASSWORD}),
        person.call("POST", "/auth/otp", {"action": "create", "email": address}),
        owner.call("PATCH", "/api/users/me", {"email": address, "current_password": PASSWORD}),
    ]:
        assert answer.status_code == 400, answer.text
        assert [issue["path"] for issue in answer.json()["data"]["issues"]] == [["email"]]


@pytest.mark.parametrize("address", ODD)
def test_an_odd_address_gets_its_mail_alone(service: Service, mail_server: MailServer, address: str) -> None:
    person = Person(service, email=address).sign_up()
    service.wait_until_all_is_sent()
    before = len(mail_server.deliveries)
    person.ask_for_reset()
    delivery = mail_server.wait_for(address)
    service.wait_until_all_is_sent()
    assert len(mail_server.deliveries) == before + 1
    assert delivery.recipients == [address]
    assert [to.addr_spec for to in delivery.message["To"].addresses] == [address]


def test_nobody_but_the_owners_got_any_mail(service: Service, mail_server: MailServer) -> None:
    service.wait_until_all_is_sent()
    recipients = {recipient for delivery in mail_server.deliveries for recipient in delivery.recipients}
    assert recipients <= set(ODD)


def test_a_client_writes_nothing_into_a_mail(service: Service, mail_server: MailServer) -> None:
    person = Person(service, language="de\tBcc: victim@example.com, en").sign_up()
    person.ask_for_reset()
    message = mail_server.wait_for(person.email).message
    assert (message["Bcc"], message["Subject"].split(" ", 1)[1]) == (None, "is your code to reset your password")
