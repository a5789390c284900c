"""The service is killed between a deed and its delivery, again and again."""

import os
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from receiver import Message, Receiver
from service import Person, Service, wait_until

KILLS = int(os.environ.get("KILLS", "12"))
# After the deed, while the receiver has the message and before it answers, and right after its answer.
MOMENTS = ["deed", "sending", "sent"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path).start()
    try:
        yield service
    finally:
        service.kill()


def test_no_event_is_lost_and_each_has_one_id(service: Service, receiver: Receiver) -> None:
    webhook, _ = service.add_webhook(receiver, "sign_up", "log_out")
    dice = random.Random(20)
    signed_up: set[UUID] = set()
    logged_out: set[UUID] = set()
    for kill in range(KILLS):
        moment = MOMENTS[kill % 3]
        reached = kill_at(moment, service, receiver)
        # Some calls are cut off as well: what they did is in the database or it is not.
        with suppress(httpx.TransportError):
            person = Person(service)
            user = person.sign_up()
            signed_up.add(user)
            if dice.random() < 0.5:
                person.log_out()
                logged_out.add(user)
        if moment == "deed":
            service.kill()
        wait_until(lambda: reached.is_set() or moment == "deed", f"the moment of kill {kill}")
        service.kill()
        receiver.answer = lambda _: 204
        service.let_leases_lapse()
        service.start()
    assert service.webhook()["disabled_at"] is None

    accounts = service.accounts()
    assert signed_up <= accounts, "what was answered has happened"
    wait_until(lambda: told(receiver, "sign_up") >= accounts and told(receiver, "log_out") >= logged_out, "all is told")
    wait_until(lambda: service.webhook()["waiting"] == 0, "nothing waits")
    assert told(receiver, "sign_up") == accounts, "each deed that happened is told, and no other"
    assert told(receiver, "log_out") <= accounts
    unique = by_id(receiver.messages)
    print(f"{KILLS} kills, {len(accounts)} accounts, {len(unique)} events, {len(receiver.messages)} messages")
    assert len(receiver.messages) > len(unique), "some kills came after the message and before its note"
    deeds = [(event["type"], event["data"]["user_id"]) for event in unique.values()]
    assert len(set(deeds)) == len(deeds), "no deed has two ids"
    for user in logged_out:
        order = [kind for kind, of in deeds if of == str(user)]
        assert order == ["sign_up", "log_out"], f"{user}: {order}"


def kill_at(moment: str, service: Service, receiver: Receiver) -> threading.Event:
    """Lets the receiver kill the service at the first message from now on; the event says that it has."""
    reached = threading.Event()
    turn = threading.Lock()

    def kill() -> None:
        service.kill()
        reached.set()

    def answer(_: Message) -> int | None:
        if not turn.acquire(blocking=False):
            return 204
        if moment == "sending":
            kill()
            return None
        # The answer is on its way when the other thread kills.
        threading.Timer(random.random() / 100, kill).start()
        return 204

    if moment != "deed":
        receiver.answer = answer
    return reached


def by_id(messages: list[Message]) -> dict[str, dict]:
    """The events in the order of their first arrival, as a receiver that deduplicates has them."""
    unique: dict[str, dict] = {}
    for message in messages:
        assert unique.setdefault(message.id, message.event) == message.event, "an id has one content"
    return unique


def told(receiver: Receiver, kind: str) -> set[UUID]:
    return {UUID(message.event["data"]["user_id"]) for message in receiver.of_type(kind)}
