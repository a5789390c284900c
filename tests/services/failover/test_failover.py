"""PostgreSQL fails over under load: nothing acknowledged is lost, no ended session is alive, and service goes on."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster import Address, Cluster
from load import Load
from service import Service

# From the moment at which there is a new primary at the address.
SOON = 5
# A host that froze is given up after DATABASE_TIMEOUT, 20 s.
AFTER_SILENCE = 25


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.2)


def stop(cluster: Cluster, move) -> None:
    cluster.primary.stop()
    time.sleep(2)
    cluster.standby.promote()
    move()


def kill(cluster: Cluster, move) -> None:
    cluster.primary.kill()
    time.sleep(2)
    cluster.standby.promote()
    move()


def freeze(cluster: Cluster, move) -> None:
    cluster.primary.freeze()
    time.sleep(2)
    cluster.standby.promote()
    move()


def switch_over(cluster: Cluster, move) -> None:
    """The old primary comes back as a standby before the address leaves it."""
    cluster.primary.stop()
    cluster.standby.promote()
    cluster.primary.follow(cluster.standby)
    time.sleep(3)
    move()


def run(tmp_path: Path, fail, limit: float, *, by_hosts: bool, synchronous: bool) -> None:
    with Cluster(synchronous) as cluster:
        address = Address(cluster.primary.port)
        if by_hosts:
            hosts = f"127.0.0.1:{cluster.primary.port},127.0.0.1:{cluster.standby.port}"
            url = f"postgres://postgres@{hosts}/postgres?target_session_attrs=read-write"
        else:
            url = f"postgres://postgres@127.0.0.1:{address.port}/postgres"
        instances = [Service(tmp_path, url)]
        try:
            instances[0].wait_until_ready()
            instances.append(Service(tmp_path, url))
            instances[1].wait_until_ready()
            cluster.wait_until_replicating()
            fail_over(cluster, address, instances, fail, limit, by_hosts)
            for instance in instances:
                assert instance.stop() == 0, instance.log.read_text()
                assert "panicked" not in instance.log.read_text()
        finally:
            address.close()
            for instance in instances:
                instance.end()


def fail_over(
    cluster: Cluster, address: Address, instances: list[Service], fail, limit: float, by_hosts: bool
) -> None:
    def move() -> None:
        # Until it moves nothing can be written. An instance that knows both hosts has perhaps moved by itself.
        if not by_hosts:
            assert [instance.readiness() for instance in instances] == [503, 503]
            assert [instance.is_writable() for instance in instances] == [False, False]
        address.target = cluster.standby.port

    with Load([instance.url for instance in instances], clients=16) as load:
        time.sleep(2)
        fail(cluster, move)
        back = load.wait_for_write(time.monotonic(), limit)
        time.sleep(4)
    record = load.record
    log = instances[0].log.read_text()[-4000:]
    assert back <= limit, f"served again after {back:.1f} s; {log}"
    assert record.faults == [], f"{len(record.faults)} answers: {record.faults[:5]}; {log}"
    print(f"{len(record.signed_up)} sign-ups, {sum(record.refused.values())} times 503, back after {back:.1f} s")
    there = set(cluster.standby.query("SELECT email FROM users"))
    lost = [email for _, email in record.signed_up if email not in there]
    assert lost == [], f"{len(lost)} of {len(record.signed_up)} acknowledged sign-ups are lost"
    # An instance that knows both hosts may find the new primary while its callers wait.
    assert by_hosts or sum(record.refused.values()) > 0, "nothing failed over"
    for instance in instances:
        instance.wait_until_ready(8)
        wait_until(instance.is_writable, "the metric says that the database can be written to", 8)


@pytest.mark.parametrize("by_hosts", [pytest.param(False, marks=pytest.mark.short), True], ids=["address", "hosts"])
def test_a_switchover_in_order(tmp_path: Path, by_hosts: bool) -> None:
    run(tmp_path, switch_over, SOON, by_hosts=by_hosts, synchronous=False)


@pytest.mark.parametrize("by_hosts", [False, pytest.param(True, marks=pytest.mark.short)], ids=["address", "hosts"])
def test_a_primary_that_is_killed(tmp_path: Path, by_hosts: bool) -> None:
    run(tmp_path, kill, SOON, by_hosts=by_hosts, synchronous=True)


@pytest.mark.parametrize("by_hosts", [False, True], ids=["address", "hosts"])
def test_a_primary_that_stops(tmp_path: Path, by_hosts: bool) -> None:
    run(tmp_path, stop, SOON, by_hosts=by_hosts, synchronous=False)


@pytest.mark.parametrize("by_hosts", [False, True], ids=["address", "hosts"])
def test_a_primary_whose_host_freezes(tmp_path: Path, by_hosts: bool) -> None:
    run(tmp_path, freeze, AFTER_SILENCE, by_hosts=by_hosts, synchronous=True)
