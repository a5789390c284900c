"""A mail that was promised is sent, even if the program that promised it is gone."""

from pathlib import Path

from mail_server import MailServer
from service import Person, Service, duration, running, with_mail


def sending(folder: Path, server: MailServer) -> tuple[Service, Person]:
    """A service that is in the middle of handing a mail over to a server that says nothing."""
    service = Service(folder, **with_mail(server)).start()
    person = Person(service).sign_up()
    person.ask_for_reset()
    server.wait_for_a_caller()
    return service, person


def restart(folder: Path, server: MailServer, person: Person) -> None:
    """The mail arrives once after the next start."""
    server.serve()
    with running(folder, **with_mail(server)) as service:
        server.wait_for(person.email)
        service.wait_until_all_is_sent()
    assert len(server.deliveries) == 1


def test_killed_before_the_first_attempt(tmp_path: Path) -> None:
    # Such a service never tries, so the kill can't come too late.
    service = Service(tmp_path, public_url="https://auth.example.com").start()
    person = Person(service).sign_up()
    person.ask_for_reset()
    service.kill()
    with MailServer() as server:
        restart(tmp_path, server, person)


def test_killed_while_sending(tmp_path: Path) -> None:
    with MailServer().listen() as server:
        service, person = sending(tmp_path, server)
        service.kill()
        assert service.waiting_mails() == 1
        service.let_leases_lapse()
        restart(tmp_path, server, person)


def test_asked_to_stop_while_sending(tmp_path: Path) -> None:
    with MailServer().listen() as server:
        service, person = sending(tmp_path, server)
        status = []
        assert duration(lambda: status.append(service.stop())) < 10
        assert status == [0], service.log.read_text()
        assert service.waiting_mails() == 1
        service.let_leases_lapse()
        restart(tmp_path, server, person)
