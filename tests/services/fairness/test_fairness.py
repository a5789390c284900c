"""While one client attacks, or a hundred do, another client is served as usual and memory stays within its bound."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attacks
import pytest
from owner import Owner, percentile
from service import Service, running

SECONDS = 6
# Four times the usual p99 or 20 ms, whichever is more, is served as usual.
SLOWER, ALLOWED_MS = 4, 20
MOST_MIB = 128

# Each with the requests that have to reach the service, or it was no attack.
ATTACKS = [
    ("long addresses", attacks.long_addresses, 300, None),
    ("hanging up", attacks.hang_up, 2000, None),
    ("wrong log-ins", attacks.wrong_log_ins, 1000, None),
    ("repeated headers", attacks.repeated_headers, 100, None),
    ("resets", attacks.resets, 1000, None),
    # Descriptors for 200 connections, so that the attack can try to take them all.
    ("connections", attacks.connections, 50, 400),
]


@contextmanager
def under_attack(attack: Callable[[int], None], service: Service) -> Iterator[None]:
    # Its processor is another machine's in truth, so it gets what the service leaves.
    process = multiprocessing.Process(target=gently, args=(attack, service.port), daemon=True)
    process.start()
    try:
        time.sleep(2)
        assert process.is_alive(), "the attack ended"
        yield
        assert process.is_alive(), "the attack ended"
    finally:
        process.kill()
        process.join()


def gently(attack: Callable[[int], None], port: int) -> None:
    os.nice(15)
    attack(port)


@pytest.mark.parametrize(("name", "attack", "least", "descriptors"), ATTACKS, ids=[attack[0] for attack in ATTACKS])
def test_others_are_served_during_an_attack(
    tmp_path: Path, name: str, attack: Callable[[int], None], least: int, descriptors: int | None
) -> None:
    with running(tmp_path, descriptors) as service:
        owner = Owner(service.port)
        before = owner.check_for(SECONDS)
        with under_attack(attack, service):
            during = owner.check_for(SECONDS)
            log_ins = [owner.log_in() for _ in range(3)]
            reset = owner.ask_for_reset()
        peak = service.peak_memory()
    usual, p99 = percentile(before, 0.99), percentile(during, 0.99)
    median = percentile(during, 0.5)
    print(f"\n{name}: checks p99 {usual:.1f} ms before, {p99:.1f} ms during (median {median:.1f}), {peak} MiB")
    print(f"log-ins {log_ins}, reset {reset}, {service.answered()} requests answered")
    assert service.answered() >= least
    assert log_ins == [200] * 3
    assert reset == 200
    assert peak <= MOST_MIB
    assert p99 <= max(SLOWER * usual, ALLOWED_MS)
