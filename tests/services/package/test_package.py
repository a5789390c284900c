"""The Debian package: what it installs, and that its program serves with its own settings."""

import configparser
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

FILES = Path("files").resolve()
CONTROL = Path("control").resolve()
UNIT = FILES / "usr/lib/systemd/system/neptun-auth.service"
CREDENTIALS = {"email": "alice@example.com", "password": "correct horse battery"}


def test_every_file_is_where_debian_expects_it() -> None:
    installed = {str(path.relative_to(FILES)) for path in FILES.rglob("*") if path.is_file()}
    # Compressed in a release, and not where the package is made fast.
    pages = {path for path in installed if path.startswith("usr/share/man/man1/")}
    names = {Path(path).name.removesuffix(".gz") for path in pages}
    assert {"neptun-auth.1", "neptun-auth-users-create.1"} < names
    assert installed - pages == {
        "etc/neptun-auth/neptun-auth.toml",
        "usr/bin/neptun-auth",
        "usr/share/bash-completion/completions/neptun-auth",
        "usr/share/fish/vendor_completions.d/neptun-auth.fish",
        "usr/share/zsh/vendor-completions/_neptun-auth",
        "usr/lib/systemd/system/neptun-auth.service",
        "usr/lib/sysusers.d/neptun-auth.conf",
        "usr/share/doc/neptun-auth/LICENSE-APACHE",
        "usr/share/doc/neptun-auth/LICENSE-MIT",
        "usr/share/doc/neptun-auth/README.md",
        "usr/share/doc/neptun-auth/common_passwords.LICENSE",
        "usr/share/doc/neptun-auth/copyright",
    }


def test_an_upgrade_keeps_the_settings_that_an_administrator_changed() -> None:
    assert (CONTROL / "conffiles").read_text().split() == ["/etc/neptun-auth/neptun-auth.toml"]


def test_the_package_has_the_version_of_its_program() -> None:
    program = subprocess.run([FILES / "usr/bin/neptun-auth", "--version"], check=True, capture_output=True, text=True)
    field = subprocess.run(
        ["dpkg-deb", "--field", "neptun-auth.deb", "Version"], check=True, capture_output=True, text=True
    )
    assert program.stdout.split()[-1] == field.stdout.strip().removesuffix("-1")


def test_the_unit_runs_as_a_system_user_that_the_package_makes(tmp_path: Path) -> None:
    assert "systemd-sysusers ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} neptun-auth.conf" in (CONTROL / "postinst").read_text()
    shutil.copytree(FILES / "usr/lib/sysusers.d", tmp_path / "usr/lib/sysusers.d")
    (tmp_path / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", "neptun-auth.conf"], check=True, capture_output=True)
    accounts = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    (account,) = [account for account in accounts if account[0] == service_section()["User"]]
    assert int(account[2]) < 1000
    assert account[6] == "/usr/sbin/nologin"


def test_systemd_accepts_the_unit_and_finds_it_hardened() -> None:
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={FILES}", UNIT.name], capture_output=True, text=True
    )
    # Units that this one waits for are not among the files, which systemd says too; only remarks on a line count.
    assert not re.search(rf"{UNIT.name}:\d+:", verified.stderr), verified.stderr
    # Tenths: 0 is best, 100 worst, and a unit without any hardening has 92 to 96.
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=15", "--no-pager", f"--root={FILES}", UNIT.name],
        capture_output=True,
        text=True,
    )
    assert rated.returncode == 0, rated.stdout[-400:] + rated.stderr


def test_what_the_package_starts_signs_people_up_and_remembers_them(tmp_path: Path) -> None:
    with service(tmp_path) as url, httpx.Client(base_url=url) as browser:
        signed_up = browser.post("/api/auth/sign-up", json=CREDENTIALS)
        assert signed_up.status_code == 200, signed_up.text
        assert signed_up.json()["user"]["primary_email"] == CREDENTIALS["email"]
        assert browser.get("/api/auth/session").json()["user"]["id"] == signed_up.json()["user"]["id"]
    # Started again on the same database, as after an upgrade.
    with service(tmp_path) as url:
        logged_in = httpx.post(f"{url}/api/auth/login", json=CREDENTIALS)
        assert logged_in.status_code == 200, logged_in.text
        assert logged_in.json()["user"]["id"] == signed_up.json()["user"]["id"]


def service_section() -> configparser.SectionProxy:
    # A unit may name one key several times; the last of them is enough here.
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment]  # names are case-sensitive
    unit.read(UNIT)
    return unit["Service"]


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """Runs the unit's command on the unpacked files; only what belongs to a machine is set anew."""
    port = free_port()
    url = f"http://localhost:{port}"
    words = shlex.split(service_section()["ExecStart"])
    command = [f"{FILES}{word}" if word.startswith("/") else word for word in words]
    environment = {
        "NEPTUN_AUTH_LISTEN": f"127.0.0.1:{port}",
        "NEPTUN_AUTH_PUBLIC_URL": url,
        "NEPTUN_AUTH_DATABASE_URL": f"sqlite:{folder}/auth.db",
    }
    log = folder / "log"
    with log.open("a") as lines:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=lines, stderr=lines)
    try:
        wait_until_ready(process, url, log)
        yield url
        process.terminate()
        assert process.wait(timeout=15) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def wait_until_ready(process: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if httpx.get(f"{url}/health/ready", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass  # It does not listen yet.
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
