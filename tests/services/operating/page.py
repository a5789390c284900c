"""What of docs/operating.md differs from machine to machine, and from run to run."""

import itertools
import random
import re
import socket

# What the page calls the addresses of the service's two instances, and of the balancers in front of them.
INSTANCES = ["127.0.0.1:8080", "127.0.0.1:8081"]
BALANCERS = {
    "haproxy": "127.0.0.1:8000",
    "nginx": "127.0.0.1:8001",
    "caddy": "127.0.0.1:8002",
    "envoy": "127.0.0.1:8003",
}
DATABASE = "postgres://neptun_auth@10.0.1.1,10.0.1.2/neptun_auth?target_session_attrs=read-write"
DATABASE_HOSTS = ["10.0.1.1:5432", "10.0.1.2:5432"]


def free_addresses() -> dict[str, str]:
    """For each address of the page one that is free here. They sort as those of the page do."""
    of_page = sorted([*INSTANCES, *BALANCERS.values()])
    ports = sorted(free_ports(len(of_page)))
    addresses = {address: f"127.0.0.1:{port}" for address, port in zip(of_page, ports, strict=True)}
    return addresses | {by_name(old): by_name(new) for old, new in addresses.items()} | in_envoy(addresses)


def free_ports(count: int) -> list[int]:
    """None that Linux gives to connections: while an instance is restarted, one of them could take its port."""
    choice = random.sample(range(20_000, 32_768), 1_000)
    return list(itertools.islice((port for port in choice if is_free(port)), count))


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def by_name(address: str) -> str:
    return address.replace("127.0.0.1", "localhost")


def in_envoy(addresses: dict[str, str]) -> dict[str, str]:
    """The file of Envoy has host and port apart."""
    return {f"port_value: {old[10:]} ": f"port_value: {new[10:]} " for old, new in addresses.items()}


def replaced(text: str, values: dict[str, str]) -> str:
    """In the column of a table, a shorter value leaves its room."""
    for old, new in values.items():
        text = text.replace(f"| {old} |", f"| {new.ljust(len(old))} |").replace(old, new)
    return text


def masked(page: str) -> str:
    """The page without what differs from run to run or with each new table: ids, times, numbers and their room."""
    page = re.sub(r"^  \w+: \d+\n", "", page, flags=re.MULTILINE)
    # The status of an answer is no such number.
    page = re.sub(r"^(http\S+ |)(\d{3})$", lambda found: found[1] + spelled(found[2]), page, flags=re.MULTILINE)
    page = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", page)
    page = re.sub(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?", "TIME", page)
    page = re.sub(r"\[#*\.*\] +", "BAR ", page)
    # Newer versions of Patroni name the cluster's number too, and call a standby's state another name.
    page = re.sub(r"(Cluster: [\w-]+) \(\d+\)", r"\1", page)
    page = re.sub(r"\| (running|streaming) +\|", "| RUNNING |", page)
    # The server that Patroni has just demoted is about to start again.
    page = re.sub(r"\| Replica +\|.*", "| Replica", page)
    page = re.sub(r"_(amd64|arm64)\.deb", "_ARCHITECTURE.deb", page)
    return re.sub(r"[ \t]+", " ", re.sub(r"-{3,}", "-", re.sub(r"\d+(,\d{3})*", "N", page)))


def spelled(status: str) -> str:
    return "STATUS-" + status.translate(str.maketrans("0123456789", "abcdefghij"))
