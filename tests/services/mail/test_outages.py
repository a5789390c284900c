"""If the mail server fails, no request waits for it, and every mail arrives once when it is healthy again."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mail_server import MailServer, wait_until
from service import Person, Service, duration, running, with_mail

ROUNDS = 8
# A server that answers after this long is slow, but healthy.
SILENCE = 30


@pytest.fixture(scope="module", autouse=True)
def kept_waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, MailServer, Person]]:
    """A service whose mail server accepted the first connection and never answers. It starts before the other tests
    and is checked after them, because the service gives up after a minute."""
    server = MailServer().listen()
    with service_with(server, tmp_path_factory.mktemp("kept-waiting")) as service:
        person = Person(service).sign_up()
        person.ask_for_reset()
        server.wait_for_a_caller()
        # The server answers the next connections.
        server.serve()
        yield service, server, person


@contextmanager
def service_with(server: MailServer, folder: Path) -> Iterator[Service]:
    with server, running(folder, **with_mail(server)) as service:
        yield service


def assert_as_fast(healthy: Service, troubled: Service) -> list[Person]:
    """Alternates between the two, so that other load slows both down. Returns the people of the troubled one."""
    samples: dict[tuple[str, Service], list[float]] = {}
    people = []
    for _ in range(ROUNDS):
        for service in (healthy, troubled):
            person = Person(service)
            steps = {"sign-up": person.sign_up, "reset request": person.ask_for_reset, "code": person.ask_for_code}
            for name, step in steps.items():
                samples.setdefault((name, service), []).append(duration(step))
            if service is troubled:
                people.append(person)
    for name in steps:
        usual = statistics.median(samples[name, healthy])
        now = statistics.median(samples[name, troubled])
        assert now < 2 * usual + 0.05, f"{name}: {now:.3f} s instead of {usual:.3f} s"
    return people


def assert_all_arrived_once(server: MailServer, service: Service, people: list[Person]) -> None:
    # The reset code and the code that confirms the address.
    wait_until(lambda: len(server.deliveries) >= 2 * len(people), "all mails arrive")
    service.wait_until_all_is_sent()
    assert [len(server.to(person.email)) for person in people] == [2] * len(people)
    assert len(server.deliveries) == 2 * len(people)


def test_the_server_is_down(service: Service, tmp_path: Path) -> None:
    server = MailServer()
    with service_with(server, tmp_path) as troubled:
        people = assert_as_fast(service, troubled)
        wait_until(lambda: "could not be sent yet" in troubled.log.read_text(), "a failed attempt")
        server.serve()
        assert_all_arrived_once(server, troubled, people)


def test_the_server_rejects_everything(service: Service, tmp_path: Path) -> None:
    server = MailServer(rejects_everything=True).serve()
    with service_with(server, tmp_path) as troubled:
        people = assert_as_fast(service, troubled)
        wait_until(lambda: server.rejected > 0, "an error")
        server.rejects_everything = False
        assert_all_arrived_once(server, troubled, people)


def test_the_server_says_nothing_for_half_a_minute(service: Service, tmp_path: Path) -> None:
    """One server before its greeting, another before its last word."""
    greeter, closer = MailServer().listen(), MailServer(silence=SILENCE).serve()
    with service_with(greeter, tmp_path / "greeting") as waiting, service_with(closer, tmp_path / "end") as sending:
        began = time.monotonic()
        first = Person(sending).sign_up()
        first.ask_for_reset()
        first.ask_for_code()
        assert closer.is_silent.wait(10)
        people = assert_as_fast(service, waiting)
        others = [first, *assert_as_fast(service, sending)]
        time.sleep(max(0, began + SILENCE - time.monotonic()))
        assert greeter.deliveries == []
        greeter.serve()
        assert_all_arrived_once(greeter, waiting, people)
        assert_all_arrived_once(closer, sending, others)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_mail_is_sent_again_after_a_temporary_error(service: Service, mail_server: MailServer, command: str) -> None:
    answers = ["421 4.3.2 Closing", "450 4.2.0 Busy", "451 4.7.1 Greylisted", "452 4.2.2 Full"]
    rejected = mail_server.rejected
    people = [Person(service).sign_up() for _ in answers]
    mail_server.errors[command] = list(answers)
    for person in people:
        person.ask_for_reset()
    for person in people:
        mail_server.wait_for(person.email)
    service.wait_until_all_is_sent()
    assert mail_server.rejected == rejected + len(answers)
    assert [len(mail_server.to(person.email)) for person in people] == [1] * len(people)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
def test_a_mail_is_given_up_after_a_permanent_error(service: Service, mail_server: MailServer, command: str) -> None:
    answers = ["550 5.1.1 No such mailbox", "552 5.2.2 Full", "553 5.1.3 Bad address", "554 5.7.1 Not ever"]
    rejected, given_up = mail_server.rejected, service.log.read_text().count("a mail is given up")
    people = [Person(service).sign_up() for _ in answers]
    mail_server.errors[command] = list(answers)
    for person in people:
        person.ask_for_reset()
    service.wait_until_all_is_sent(seconds=5)
    assert mail_server.rejected == rejected + len(answers)
    assert [mail_server.to(person.email) for person in people] == [[]] * len(people)
    wait_until(lambda: service.log.read_text().count("a mail is given up") == given_up + len(answers), "a line for each")


def test_a_server_that_rejects_the_service_itself_gets_the_mail_later(tmp_path: Path) -> None:
    """A wrong password is the operator's to mend, and no reason to lose the mail."""
    with MailServer(credentials=("user", "right")).serve() as server:
        url = server.url.replace("smtp://", "smtp://user:wrong@")
        with running(tmp_path, smtp_url=url, mail_from="no-reply@example.com") as service:
            person = Person(service).sign_up()
            person.ask_for_reset()
            wait_until(lambda: "could not be sent yet" in service.log.read_text(), "a failed attempt")
            server.credentials = ("user", "wrong")
            server.wait_for(person.email)


def test_an_error_that_repeats_the_address_does_not_bring_it_into_the_log(
    service: Service, mail_server: MailServer
) -> None:
    person = Person(service).sign_up()
    mail_server.errors["RCPT"] = [f"450 4.1.1 <{person.email}>: Recipient address rejected"]
    person.ask_for_reset()
    mail_server.wait_for(person.email)
    assert "could not be sent yet" in service.log.read_text()
    assert person.email not in service.log.read_text()


def test_the_credentials_of_the_url_are_used(tmp_path: Path) -> None:
    with MailServer(credentials=("user@example.com", "p:ss/w rd")).serve() as server:
        url = server.url.replace("smtp://", "smtp://user%40example.com:p%3Ass%2Fw%20rd@")
        with running(tmp_path, smtp_url=url, mail_from="no-reply@example.com") as service:
            person = Person(service).sign_up()
            person.ask_for_reset()
            server.wait_for(person.email)


def test_a_server_that_never_answers_is_given_up(kept_waiting: tuple[Service, MailServer, Person]) -> None:
    service, server, person = kept_waiting
    server.wait_for(person.email, seconds=75)
    service.wait_until_all_is_sent()
    assert len(server.deliveries) == 1
