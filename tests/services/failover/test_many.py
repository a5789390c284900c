"""PostgreSQL fails over again and again, by kills and in order, while people sign up and log out at two instances."""

import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from cluster import Cluster
from load import NOTICE, Load
from service import Service

ROUNDS = int(os.environ.get("ROUNDS", "200"))
# Seconds from the moment at which there is a new primary.
SOON = 5


def kill(cluster: Cluster, choice: random.Random) -> None:
    cluster.primary.kill()
    time.sleep(choice.random())
    cluster.standby.promote_alone()


def switch_over(cluster: Cluster, choice: random.Random) -> None:
    cluster.primary.stop()
    time.sleep(choice.random())
    cluster.standby.promote_alone()


def bring_back(cluster: Cluster, how: str) -> None:
    """The former primary follows the new one. Both have each commit again before the next failure."""
    if how == "kill":
        cluster.primary.copy_anew(cluster.standby)
    else:
        cluster.primary.follow(cluster.standby)
    cluster.swap()
    cluster.wait_until_replicating()
    cluster.demand_two_copies()


@pytest.mark.many
def test_hundreds_of_failovers_lose_nothing_and_let_nobody_back_in(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
    print(f"\nSEED={seed} ROUNDS={ROUNDS}")
    choice, done, longest = random.Random(seed), Counter(), 0.0
    ways = {"kill": kill, "switchover": switch_over}
    with Cluster(synchronous=True) as cluster:
        hosts = f"127.0.0.1:{cluster.primary.port},127.0.0.1:{cluster.standby.port}"
        url = f"postgres://postgres@{hosts}/postgres?target_session_attrs=read-write"
        instances = [Service(tmp_path, url)]
        try:
            instances[0].wait_until_ready()
            instances.append(Service(tmp_path, url))
            instances[1].wait_until_ready()
            cluster.wait_until_replicating()
            with Load([instance.url for instance in instances], clients=6, notice=NOTICE) as load:
                for number in range(ROUNDS):
                    how = choice.choice(list(ways))
                    time.sleep(choice.random())
                    ways[how](cluster, choice)
                    back = load.wait_for_write(time.monotonic(), SOON)
                    told = f"round {number} ({how}): {load.record.faults[:5]}, back after {back:.1f} s"
                    assert load.record.faults == [] and back <= SOON, told
                    bring_back(cluster, how)
                    done[how] += 1
                    longest = max(longest, back)
            record = load.record
            assert record.faults == [], record.faults[:5]
            there = set(cluster.primary.query("SELECT email FROM users"))
            lost = [email for _, email in record.signed_up if email not in there]
            refused = sum(record.refused.values())
            print(
                f"{dict(done)}: {len(record.signed_up)} sign-ups and {len(record.logged_out)} log-outs acknowledged, "
                f"{len(lost)} lost, 0 stale after {NOTICE} s, {refused} times 503, back after {longest:.1f} s at most"
            )
            assert lost == []
            assert refused > 0, "nothing failed over"
            for instance in instances:
                # The same process goes on: no restart.
                instance.wait_until_ready(8)
                assert instance.stop() == 0, instance.log.read_text()[-4000:]
                assert "panicked" not in instance.log.read_text()
        finally:
            for instance in instances:
                instance.end()
