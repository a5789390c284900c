"""docs/operating.md, done command by command."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx
import page
import pytest
from accounts import dump_of_django, lines_with_bcrypt
from machine import Machine, machine
from old_schema import old_database
from patroni import Patroni
from terminal import Terminal

ROOT = Path(os.environ["root"])
PAGE = ROOT / "docs/operating.md"
USERS = int(os.environ["USERS"])
IS_LONG = USERS > 50_000
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def a_cancelled_run_cleans_up() -> None:
    """Without it, Python ends at once when scripts/test is cancelled, and leaves servers and folders behind."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("cancelled", 143))


def test_the_page_shows_what_an_operator_sees(tmp_path: Path) -> None:
    fill(tmp_path)
    shown = PAGE.read_text()
    with machine() as computer, Patroni() as patroni:
        (tmp_path / "patroni.yml").symlink_to(patroni.nodes[0].config)
        real = real_values(computer, patroni)
        terminal = Terminal(tmp_path, environment(computer, real))
        try:
            done = BLOCK.sub(lambda block: do(terminal, block[0], real), shown)
        finally:
            terminal.stop_all()
    if os.environ.get("WRITE"):
        PAGE.write_text(done)
    else:
        assert page.masked(shown) == page.masked(done)


def fill(folder: Path) -> None:
    """What the operator has at the beginning."""
    # A build without optimisation needs ten seconds and more for as many rounds as Django has today.
    dump_of_django(folder / "users.json", USERS, None if IS_LONG else 50_000)
    lines_with_bcrypt(folder / "members.jsonl", USERS, ROOT / "tests/foreign-hashes/vectors.json")
    old_database(folder / "old.db", ROOT / "migrations/sqlite")
    (folder / "deploy").symlink_to(ROOT / "deploy")
    for package in (ROOT / "target/services/debian").glob("neptun-auth_*.deb"):
        (folder / package.name).symlink_to(package)
    shutil.copy("around-nginx.conf", folder / "nginx.conf")
    (folder / "temp").mkdir()


def real_values(computer: Machine, patroni: Patroni) -> dict[str, str]:
    """What the page says, and what it is in this run."""
    hosts = {old: f"127.0.0.1:{node.port}" for old, node in zip(page.DATABASE_HOSTS, patroni.nodes, strict=True)}
    return {page.DATABASE: patroni.url} | hosts | page.free_addresses() | computer.commands


def environment(computer: Machine, real: dict[str, str]) -> dict[str, str]:
    """Nothing else: the developer's own settings stay out of the tests."""
    return {
        "PATH": f"{computer.programs}:{os.environ['PATH']}",
        "TERM": "xterm",
        "NEPTUN_AUTH_LISTEN": real[page.INSTANCES[0]],
    }


def do(terminal: Terminal, block: str, real: dict[str, str]) -> str:
    """The block with what its commands printed this time."""
    done = ""
    for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        began = time.monotonic()
        output = run(terminal, page.replaced(command, real), printed, real)
        output = page.replaced(output, {new: old for old, new in real.items()})
        print(f"{time.monotonic() - began:7.1f} s  {command}")
        done += f"$ {command}\n" + (f"{output}\n" if output else "")
    return done


def run(terminal: Terminal, command: str, printed: str, real: dict[str, str]) -> str:
    if command.startswith(("export ", "unset ")):
        terminal.set(command)
        return ""
    if command.endswith(" &"):
        program = terminal.start(command.removesuffix(" &"))
        if not command.startswith("while "):
            wait_until_ready(program, address_of(command, real))
        return ""
    if command.startswith("kill %"):
        terminal.stop(command.removeprefix("kill %"))
        return ""
    if command.endswith("# killed in the middle"):
        # With few accounts at the first bar; with many after a third of them.
        share = 30 if IS_LONG else 1
        return terminal.run(command, lambda seen: any(int(done) >= share for done in re.findall(r"(\d+)%", seen)))
    if command.endswith("# Ctrl-C"):
        lines = printed.count("\n") - 1
        return terminal.run(command, lambda seen: seen.count("\n") >= lines, b"\x03")
    if command.endswith(" list") and "Sync Standby" in printed:
        return run_until(terminal, command, "Sync Standby")
    return terminal.run(command)


def run_until(terminal: Terminal, command: str, text: str) -> str:
    """An operator looks again until the former primary follows."""
    deadline = time.monotonic() + 60
    while text not in (output := terminal.run(command)):
        assert time.monotonic() < deadline, output
        time.sleep(0.5)
    return output


def address_of(command: str, real: dict[str, str]) -> str:
    """Of an instance of the service, or of a balancer in front of it by its file."""
    if balancer := page.BALANCERS.get(command.split()[0]):
        return real[balancer]
    listen = re.search(r"LISTEN=(\S+)", command)
    return listen[1] if listen else real[page.INSTANCES[0]]


def wait_until_ready(program: subprocess.Popen, address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            # Caddy serves the name that its file has.
            if httpx.get(f"http://{page.by_name(address)}/health/ready", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass  # It does not listen yet.
        assert program.poll() is None and time.monotonic() < deadline, f"{program.args[-1]} is not ready"
        time.sleep(0.1)
