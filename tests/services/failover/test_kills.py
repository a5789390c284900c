"""The service itself is killed again and again while people sign up and log out: nothing acknowledged is lost."""

import os
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster import Cluster
from load import NOTICE, Load
from service import Service

KILLS = int(os.environ.get("KILLS", "1000"))
# Seconds. Someone who restarts a killed service counts on it.
SOON = 5


@pytest.mark.kills
def test_a_thousand_kills_on_one_file(tmp_path: Path) -> None:
    database = tmp_path / "auth.db"

    def accounts() -> set[str]:
        with sqlite3.connect(database) as connection:
            return {email for (email,) in connection.execute("SELECT email FROM users")}

    kill_again_and_again([Service(tmp_path, f"sqlite:{database}")], accounts)


@pytest.mark.kills
def test_a_thousand_kills_of_two_instances_on_postgresql(tmp_path: Path) -> None:
    with Cluster(synchronous=False) as cluster:
        url = f"postgres://postgres@127.0.0.1:{cluster.primary.port}/postgres"
        instances = [Service(tmp_path, url)]
        instances[0].wait_until_ready()
        instances.append(Service(tmp_path, url))
        kill_again_and_again(instances, lambda: set(cluster.primary.query("SELECT email FROM users")))


def kill_again_and_again(instances: list[Service], accounts: Callable[[], set[str]]) -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"\nSEED={seed} KILLS={KILLS}")
    choice, longest = random.Random(seed), 0.0
    urls = [instance.url for instance in instances]
    try:
        for instance in instances:
            instance.wait_until_ready()
        with Load([urls[0], urls[-1]], clients=6, notice=NOTICE, may_be_cut_off=True) as load:
            for number in range(KILLS):
                assert load.wait_for_write(time.monotonic(), SOON) <= SOON, f"no write after kill {number}"
                time.sleep(choice.random() / 4)
                longest = max(longest, kill(choice.choice(instances)))
                assert load.record.faults == [], f"kill {number}: {load.record.faults[:5]}"
        record = load.record
        assert record.faults == [], record.faults[:5]
        there = accounts()
        lost = [email for _, email in record.signed_up if email not in there]
        print(
            f"{KILLS} kills: {len(record.signed_up)} sign-ups and {len(record.logged_out)} log-outs acknowledged, "
            f"{len(lost)} lost, {len(record.stale)} stale after {NOTICE} s, {sum(record.cut_off.values())} calls "
            f"without an answer, ready again after {longest:.1f} s at most"
        )
        assert lost == []
        assert sum(record.cut_off.values()) >= KILLS / 2, "the kills hit nothing"
        for instance in instances:
            assert instance.stop() == 0, instance.log.read_text()[-4000:]
            assert "panicked" not in instance.log.read_text()
    finally:
        for instance in instances:
            instance.end()


def kill(instance: Service) -> float:
    """Seconds from the kill until it serves again."""
    began = time.monotonic()
    instance.end()
    instance.start()
    instance.wait_until_ready(SOON)
    return time.monotonic() - began
