"""What the service sends, judged by the published libraries."""

from dataclasses import replace

from libraries import verdicts
from receiver import Message, Receiver
from service import Person, Service, wait_until


def sign_up(service: Service, receiver: Receiver) -> Message:
    """The message about a new account."""
    user = str(Person(service).sign_up())
    found: list[Message] = []

    def has_arrived() -> bool:
        found[:] = [each for each in receiver.of_type("sign_up") if each.event["data"]["user_id"] == user]
        return bool(found)

    wait_until(has_arrived, "the event arrives")
    return found[0]


def test_the_libraries_accept_what_is_sent_and_nothing_that_was_changed(service: Service, receiver: Receiver) -> None:
    _, secret = service.add_webhook(receiver, "sign_up")
    message = sign_up(service, receiver)
    other = sign_up(service, receiver)
    headers = message.headers
    assert headers["content-type"] == "application/json"
    assert message.id == message.event["data"]["id"]
    earlier = str(int(headers["webhook-timestamp"]) - 1)
    assert verdicts(
        (secret, message),
        (secret, other),
        ("whsec_" + "A" * 43 + "=", message),
        (secret, replace(message, body=message.body + b" ")),
        (secret, replace(message, headers=headers | {"webhook-id": other.id})),
        (secret, replace(message, headers=headers | {"webhook-timestamp": earlier})),
        (secret, replace(message, headers=headers | {"webhook-signature": other.headers["webhook-signature"]})),
    ) == [True, True, False, False, False, False, False]


def test_the_former_secret_is_accepted_beside_the_new_one_and_the_one_before_is_not(
    service: Service, receiver: Receiver
) -> None:
    webhook, first = service.add_webhook(receiver, "sign_up")
    second = service.rotate(webhook)
    once = sign_up(service, receiver)
    assert len(once.headers["webhook-signature"].split(" ")) == 2
    third = service.rotate(webhook)
    twice = sign_up(service, receiver)
    assert verdicts((first, once), (second, once), (third, once)) == [True, True, False]
    assert verdicts((first, twice), (second, twice), (third, twice)) == [False, True, True]


def test_a_replay_sends_the_same_events_signed_anew(service: Service, receiver: Receiver) -> None:
    webhook, _ = service.add_webhook(receiver, "sign_up")
    first, second = sign_up(service, receiver), sign_up(service, receiver)
    secret = service.rotate(webhook)
    service.manage("replay", webhook, "--after", first.id)
    wait_until(lambda: len(receiver.messages) == 3, "the second event comes once more")
    again = receiver.messages[2]
    assert (again.id, again.event) == (second.id, second.event)
    service.manage("replay", webhook, "--since", first.event["timestamp"])
    wait_until(lambda: len(receiver.messages) == 5, "both come once more")
    # Two accounts, so either may be first.
    assert {each.id for each in receiver.messages[3:]} == {first.id, second.id}
    assert verdicts(*((secret, each) for each in receiver.messages)) == [False, False, True, True, True]


def test_the_log_says_why_an_event_was_not_taken(service: Service, receiver: Receiver) -> None:
    service.add_webhook(receiver, "sign_up")
    receiver.answer = lambda _: 500
    sign_up(service, receiver)
    wait_until(lambda: "the receiver answered 500" in service.log.read_text(), "the answer is logged")


def test_a_receiver_that_is_gone_gets_what_waited_when_it_is_enabled_again(
    service: Service, receiver: Receiver
) -> None:
    webhook, secret = service.add_webhook(receiver, "sign_up")
    receiver.answer = lambda _: 410
    gone = sign_up(service, receiver)
    wait_until(lambda: service.webhook()["disabled_at"] is not None, "the webhook is disabled")
    assert "410" in service.webhook()["disabled_reason"]
    Person(service).sign_up()
    receiver.answer = lambda _: 204
    service.manage("enable", webhook)
    wait_until(lambda: len(receiver.messages) == 3, "both arrive")
    assert gone.id in {each.id for each in receiver.messages[1:]}
    assert verdicts(*((secret, each) for each in receiver.messages)) == [True] * 3
