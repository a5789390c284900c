"""PostgreSQL under Patroni moves its primary, in order and by force, while clients sign up and log out."""

import subprocess
import time
from pathlib import Path

import pytest
from load import Load
from patroni import Node, Patroni
from service import Service

# Seconds from the moment at which there is a new primary.
SOON = 5

pytestmark = pytest.mark.patroni


def accounts(node: Node) -> set[str]:
    address = f"host=127.0.0.1 port={node.port} user=postgres dbname=postgres"
    command = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT email FROM users", address]
    return set(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split())


def hand_over(old: Node, new: Node) -> None:
    old.hand_over_to(new)


def kill(old: Node, new: Node) -> None:
    old.kill()


@pytest.mark.parametrize("move", [hand_over, kill])
def test_the_primary_moves(move, tmp_path: Path) -> None:
    with Patroni() as patroni:
        old, new = patroni.nodes
        instances = [Service(tmp_path, patroni.url) for _ in range(2)]
        try:
            for instance in instances:
                instance.wait_until_ready()
            with Load([instance.url for instance in instances], clients=8) as load:
                time.sleep(2)
                began = time.monotonic()
                move(old, new)
                patroni.wait_until(new.is_primary, "the second server is the primary")
                moved = time.monotonic()
                back = load.wait_for_write(moved, SOON)
                time.sleep(4)
            record, log = load.record, instances[0].log.read_text()[-4000:]
            assert record.faults == [], f"{len(record.faults)} answers: {record.faults[:5]}; {log}"
            assert back <= SOON, f"served again after {back:.1f} s; {log}"
            there = accounts(new)
            lost = [email for _, email in record.signed_up if email not in there]
            assert lost == [], f"{len(lost)} of {len(record.signed_up)} acknowledged sign-ups are lost"
            refused = sum(record.refused.values())
            took = f"moved in {moved - began:.1f} s, back after {back:.1f} s"
            print(f"{len(there)} sign-ups, {took}, {refused} times 503")
            for instance in instances:
                # The same process goes on: no restart.
                instance.wait_until_ready(8)
                assert instance.stop() == 0, instance.log.read_text()
                assert "panicked" not in instance.log.read_text()
        finally:
            for instance in instances:
                instance.end()
