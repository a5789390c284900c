"""Several instances share one PostgreSQL database, and the work."""

import os
import secrets
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mail_server import MailServer, wait_until
from service import Person, Service, running, with_mail

DATABASE = os.environ["POSTGRES_URL"]
SHARED = {"database_url": DATABASE, "secret_key": secrets.token_hex(32)}
PEOPLE = 167
# Three codes of a kind are sent in an hour.
EACH = 6


def waiting_mails() -> int:
    count = "SELECT count(*) FROM outbox WHERE due_at < give_up_at"
    return int(subprocess.run(["psql", DATABASE, "-tAc", count], capture_output=True, text=True, check=True).stdout)


def queue_mails(service: Service) -> list[str]:
    """Addresses, each of which is owed six mails."""

    def one(_: int) -> str:
        person = Person(service).sign_up()
        for _ in range(EACH // 2):
            person.ask_for_reset()
            person.ask_for_code()
        return person.email

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, range(PEOPLE)))


def test_two_instances_send_a_thousand_mails_once_each(tmp_path: Path) -> None:
    # An https service without a mail server keeps its mails.
    with running(tmp_path / "queue", public_url="https://auth.example.com", **SHARED) as service:
        addresses = queue_mails(service)
    assert waiting_mails() == PEOPLE * EACH

    # The two start to send at the same moment.
    with MailServer().listen() as one, MailServer().listen() as other:
        with (
            running(tmp_path / "one", **SHARED, **with_mail(one)),
            running(tmp_path / "other", **SHARED, **with_mail(other)),
        ):
            one.serve()
            other.serve()
            wait_until(lambda: waiting_mails() == 0, "the outbox is empty", 240)
        deliveries = one.deliveries + other.deliveries
        shares = len(one.deliveries), len(other.deliveries)

    assert Counter(delivery.recipients[0] for delivery in deliveries) == dict.fromkeys(addresses, EACH)
    assert len({delivery.message["Message-ID"] for delivery in deliveries}) == len(deliveries)
    assert min(shares) > PEOPLE, f"{shares}: one instance did nearly everything"
