"""docs/operating.md, done command by command."""

import os
import re
import socket
import subprocess
import time
from pathlib import Path

import httpx
from accounts import dump_of_django, lines_with_bcrypt
from old_schema import old_database
from terminal import Terminal

ROOT = Path(os.environ["root"])
PAGE = ROOT / "docs/operating.md"
USERS = int(os.environ["USERS"])
IS_LONG = USERS > 50_000
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
# Addresses that differ from machine to machine.
SERVICE, DATABASE = "localhost:8080", "postgres://neptun_auth@localhost/neptun_auth"
PORTS = ["127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8000"]


def test_the_page_shows_what_an_operator_sees(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/neptun-auth").symlink_to(os.environ["SERVICE_BINARY"])
    work = tmp_path / "work"
    work.mkdir()
    # A build without optimisation needs ten seconds and more for as many rounds as Django has today.
    dump_of_django(work / "users.json", USERS, None if IS_LONG else 50_000)
    lines_with_bcrypt(work / "members.jsonl", USERS, ROOT / "tests/foreign-hashes/vectors.json")
    old_database(work / "old.db", ROOT / "migrations/sqlite")
    (work / "deploy").symlink_to(ROOT / "deploy")
    listen = {port: free_address() for port in PORTS}
    here = listen[PORTS[0]]
    # Nothing else: the developer's own settings stay out of the tests.
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "TERM": "xterm",
        "NEPTUN_AUTH_LISTEN": here,
    }
    terminal = Terminal(work, environment)
    names = {address.replace("127.0.0.1", "localhost"): real.replace("127.0.0.1", "localhost")
             for address, real in listen.items()}  # fmt: skip
    real = {DATABASE: os.environ["POSTGRES_URL"]} | listen | names
    page = PAGE.read_text()
    try:
        done = BLOCK.sub(lambda block: do(terminal, block[0], real), page)
    finally:
        terminal.stop_all()
    if os.environ.get("WRITE"):
        PAGE.write_text(done)
    assert masked(page) == masked(done) or os.environ.get("WRITE")


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def do(terminal: Terminal, block: str, real: dict[str, str]) -> str:
    """The block with what its commands printed this time."""
    done = ""
    for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        began = time.monotonic()
        output = replaced(run(terminal, replaced(command, real), printed), {new: old for old, new in real.items()})
        print(f"{time.monotonic() - began:7.1f} s  {command}")
        done += f"$ {command}\n" + (f"{output}\n" if output else "")
    return done


def run(terminal: Terminal, command: str, printed: str) -> str:
    if command.startswith(("export ", "unset ")):
        terminal.set(command)
        return ""
    if command.endswith(" &"):
        program = terminal.start(command.removesuffix(" &"))
        if not command.startswith("while "):
            wait_until_ready(terminal, program, command)
        return ""
    if command.startswith("kill %"):
        terminal.stop(int(command.removeprefix("kill %")))
        return ""
    if command.endswith("# killed in the middle"):
        # With few accounts at the first bar; with many after a third of them.
        share = 30 if IS_LONG else 1
        return terminal.run(command, lambda seen: any(int(done) >= share for done in re.findall(r"(\d+)%", seen)))
    if command.endswith("# Ctrl-C"):
        lines = printed.count("\n") - 1
        return terminal.run(command, lambda seen: seen.count("\n") >= lines, b"\x03")
    return terminal.run(command)


def wait_until_ready(terminal: Terminal, program: subprocess.Popen, command: str) -> None:
    """Of the service, or of a balancer in front of it by its file."""
    if command.startswith("haproxy "):
        listen = re.search(r"bind (\S+)", (terminal.folder / "haproxy.cfg").read_text())
    else:
        listen = re.search(r"LISTEN=(\S+)", command)
    ready = f"http://{listen[1] if listen else terminal.environment['NEPTUN_AUTH_LISTEN']}/health/ready"
    deadline = time.monotonic() + 60
    while True:
        try:
            if httpx.get(ready, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass  # It does not listen yet.
        assert program.poll() is None and time.monotonic() < deadline, "the service is not ready"
        time.sleep(0.1)


def replaced(text: str, values: dict[str, str]) -> str:
    for old, new in values.items():
        text = text.replace(old, new)
    return text


def masked(page: str) -> str:
    """The page without what differs from run to run or with each new table: ids, times, numbers and their room."""
    page = re.sub(r"^  \w+: \d+\n", "", page, flags=re.MULTILINE)
    # The status of an answer is no such number.
    page = re.sub(r"^\d{3}$", lambda status: "STATUS" + "-" * int(status[0]), page, flags=re.MULTILINE)
    page = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", page)
    page = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", page)
    page = re.sub(r"\[#*\.*\] +", "BAR ", page)
    return re.sub(r"[ \t]+", " ", re.sub(r"\d+(,\d{3})*", "N", page))
