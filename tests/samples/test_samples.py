"""Every sample of the Markdown files, run as it stands in the text."""

import json
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
from blocks import BLOCKS, ROOT, matching, run, samples
from conftest import START, environment, start, stop

PASSWORD = "correct horse battery"
CLIENTS = "openapi/README.md"
FACTORS = "docs/factors.md"
BACKUPS = "docs/backups.md"
TESTING = "docs/testing.md"
VERIFY = "examples/verify/README.md"

NOT_RUN = {
    ("README.md", " web page"): "a drawing",
    ("examples/nuxt/README.md", "neptun-auth serve"): "the suite `nuxt` runs the built app in a browser",
    ("README.md", "cargo run --release"): "an optimised build takes minutes; `cargo run` of CONTRIBUTING.md is run",
    ("CONTRIBUTING.md", "./scripts/test"): "runs this test",
    ("CONTRIBUTING.md", "-- When the owner forgot"): "a step of an invented feature",
    ("CONTRIBUTING.md", "/// Marks the device"): "a step of an invented feature",
    ("CONTRIBUTING.md", "#[tokio::test]"): "a step of an invented feature",
    (BACKUPS, "export AUTH_DATABASE"): "the suite `litestream` runs it, on a disk of its own",
    (BACKUPS, "litestream restore"): "the suite `litestream` runs it, on a disk of its own",
    (BACKUPS, "pg_dump"): "a PostgreSQL of the reader's; `tests/api/postgres/backups.rs` dumps and restores one",
    ("docs/scaling.md", "NEPTUN_AUTH_DATABASE_URL=postgres://user"): "settings for hosts of the reader's",
    ("docs/scaling.md", "NEPTUN_AUTH_DATABASE_URL='postgres"): "settings for hosts of the reader's",
    ("docs/scaling.md", "ALTER ROLE"): "statements for the reader's own role",
    ("docs/moving.md", "python manage.py"): "a Django of the reader's",
    ("docs/moving.md", "psql -Atc"): "a better-auth of the reader's",
    ("docs/moving.md", "sqlite3 -json"): "a PocketBase of the reader's",
    ("docs/moving.md", "psql -c"): "a Supabase of the reader's",
    ("docs/moving.md", "firebase auth:export"): "a project of the reader's",
    ("docs/moving.md", "neptun-auth import users.json --format auth0"): "a tenant of the reader's; `tests/api/operator/systems.rs` imports such a file",
    ("docs/moving.md", "neptun-auth import users.csv --format clerk"): "an application of the reader's; `tests/api/operator/systems.rs` imports such a file",
    ("docs/moving.md", "kc.sh export"): "a Keycloak of the reader's",
    ("docs/moving.md", "mysql -e"): "a Laravel of the reader's",
    ("docs/moving.md", "wp db query"): "a WordPress of the reader's",
    ("docs/moving.md", "neptun-auth export"): "`tests/api/operator/moving.rs` runs it",
    ("docs/providers.md", "[github]"): "clients of the reader's; `src/config/providers` tests such files, and the suite `providers` starts with one",
    ("docs/testing.md", "neptun-auth serve --ephemeral"): "the two recipes below it start it",
    ("docs/testing.md", "{"): "what the start prints; the recipes read it",
    ("docs/performance.md", "./scripts/bench"): "takes 40 minutes",
    ("docs/operating.md", "$ sudo dpkg"): "the suite `operating` runs it",
    ("docs/operating.md", "$ while"): "the suite `operating` runs it",
    ("docs/operating.md", "$ export NEPTUN_AUTH_DATABASE_URL"): "the suite `operating` runs it",
    ("docs/operating.md", "$ neptun-auth import"): "the suite `operating` runs it",
    ("docs/operating.md", "$ neptun-auth serve"): "the suite `operating` runs it",
    ("docs/operating.md", "$ curl"): "the suite `operating` runs it",
}


def test_every_block_is_run_or_there_is_a_reason_why_not() -> None:
    listed = run | NOT_RUN.keys() | {START}
    claimed = [block for key in listed for block in matching(key)]
    assert sorted(claimed) == sorted(BLOCKS), "each block is claimed once, and nothing else is"


@samples(("CONTRIBUTING.md", "cargo run"))
def test_a_checkout_runs(texts: list[str], tmp_path: Path) -> None:
    process = start(texts[0], tmp_path, "http://localhost:8080/docs/")
    stop(process)


@samples(("docs/operating.md", "source <("))
def test_a_shell_knows_the_commands(texts: list[str], service: str, service_folder: Path, tmp_path: Path) -> None:
    path = f"{service_folder}:{os.environ['PATH']}"
    assert "_neptun__auth" in shell(f"{texts[0]}complete -p neptun-auth", tmp_path, PATH=path)
    assert (tmp_path / "manual/neptun-auth-users.1").is_file()


@samples(("README.md", "curl -i"), ("README.md", "HTTP/1.1 200 OK"))
def test_the_first_sign_up_answers_as_printed(texts: list[str], service: str, tmp_path: Path) -> None:
    command, printed = texts
    head, body = shell(command, tmp_path).split("\r\n\r\n")
    lines = [line for line in head.split("\r\n") if line.startswith(("HTTP/", "set-cookie"))]
    assert without_values("\n".join([*lines, "", body])) == without_values(printed.strip())


def without_values(answer: str) -> str:
    for value in [r"(?<==)[\w-]{22}(?=;)", r"(?<=neptun-device=)[^;]+", r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT"]:
        answer = re.sub(value, "…", answer)
    return re.sub(r'"(\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})"', '"…"', answer)


@samples(("README.md", "const call = "))
def test_a_page_logs_in(texts: list[str], service: str) -> None:
    email = new_account(service)
    seen = in_a_page(texts[0], email, PASSWORD)
    assert (seen["user"]["primary_email"], seen["told"], seen["title"]) == (email, [], "Your account")
    assert seen["problems"] == []


@samples(
    (FACTORS, "const call = "),
    (FACTORS, "const logIn = "),
    (FACTORS, "const proven = "),
    (FACTORS, "const setUpApp = "),
    (FACTORS, "const addPasskey = "),
    (FACTORS, "const logInWithPasskey = "),
    (FACTORS, "const logInByCode = "),
    (FACTORS, "const providerLinks = "),
    (FACTORS, "const linkProvider = "),
)
def test_a_page_uses_every_factor(texts: list[str], service: str) -> None:
    email = new_account(service)
    seen = in_a_page("".join(texts), email, PASSWORD, program="factors.mjs")
    assert seen == {
        "codes": 10,
        "signedIn": email,
        "second": ["totp", "recovery_code", "passkey"],
        "refused": "reauthentication_required",
        "passkeys": 1,
        "verified": True,
        "byCode": "not_found",
        "providers": [],
        "unknown": "not_found",
    }


@samples((TESTING, "// auth.js"), (TESTING, "// account.spec.js"))
def test_playwright_signs_a_person_in(texts: list[str], tmp_path: Path) -> None:
    set_up, spec = texts
    (tmp_path / "auth.js").write_text(set_up)
    (tmp_path / "account.spec.js").write_text(spec)
    (tmp_path / "package.json").write_text('{ "type": "module" }')
    config = {"globalSetup": "./auth.js", "use": {"launchOptions": {"executablePath": os.environ["CHROMIUM"] or None}}}
    (tmp_path / "playwright.config.js").write_text(f"export default {json.dumps(config)};")
    (tmp_path / "node_modules").symlink_to(ROOT / "tests/node_modules")
    ran = end_to_end("playwright test", tmp_path)
    assert "1 passed" in ran, ran


@samples((TESTING, "# test_account.py"))
def test_pytest_moves_the_clock(texts: list[str], tmp_path: Path) -> None:
    (tmp_path / "test_account.py").write_text(texts[0])
    ran = end_to_end("pytest -p no:cacheprovider test_account.py", tmp_path)
    assert "1 passed" in ran, ran


def end_to_end(command: str, folder: Path) -> str:
    """Runs an application's tests as its developers do, with the service on a port of its own."""
    (folder / "neptun-auth").symlink_to(os.environ["SERVICE_BINARY"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEPTUN_AUTH_")}
    path = f"{folder}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=kept | {"PATH": path, "NEPTUN_AUTH_LISTEN": listen},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    ).stdout


@samples(
    (BACKUPS, "neptun-auth backup"),
    (BACKUPS, "neptun-auth users deleted"),
    (BACKUPS, "neptun-auth restore copy.db"),
    (BACKUPS, "neptun-auth restore --in-place --yes"),
    (BACKUPS, "neptun-auth keys reseal"),
)
def test_a_backup_is_restored_in_another_folder(
    texts: list[str], service: str, service_folder: Path, tmp_path: Path
) -> None:
    back_up, list_deletions, restore, take_over, reseal = texts
    new_account(service)
    path = f"{service_folder}:{os.environ['PATH']}"
    shell(back_up + list_deletions, service_folder, PATH=path)
    for name in ["copy.db", "copy.db.key", "deletions"]:
        shutil.move(service_folder / name, tmp_path)
    assert " old: its last change is of " in shell(restore, tmp_path, PATH=path)
    assert "Ended or deleted: 0 sessions" in shell(take_over, tmp_path, PATH=path)
    (tmp_path / "new.key").write_text(os.urandom(32).hex())
    keys = {
        "NEPTUN_AUTH_SECRET_KEY_FILE": str(tmp_path / "new.key"),
        "NEPTUN_AUTH_PREVIOUS_SECRET_KEY_FILE": str(tmp_path / "copy.db.key"),
    }
    assert "1 signing keys" in shell(reseal, tmp_path, PATH=path, **keys)


@samples((CLIENTS, "npx openapi-typescript"), (CLIENTS, "import createClient"))
def test_the_typescript_client(texts: list[str], service: str, tmp_path: Path) -> None:
    generate, program = texts
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    shell(generate, tmp_path)
    (tmp_path / "sample.mts").write_text(f'const [email, password] = ["{new_email()}", "{PASSWORD}"];\n{program}')
    options = (ROOT / "tests/clients/tsconfig.json").read_text().replace('["node"]', "[]")
    (tmp_path / "tsconfig.json").write_text(options)
    shell("tsc --project .", tmp_path)
    assert re.fullmatch(r"[0-9a-f-]{36}\n", shell("node sample.mts", tmp_path))


@samples((CLIENTS, "pipx run openapi-python-client"), (CLIENTS, "from neptun_auth_client"))
def test_the_python_client(texts: list[str], service: str, tmp_path: Path) -> None:
    generate, program = texts
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    shell(generate, tmp_path)
    email = new_account(service)
    (tmp_path / "sample.py").write_text(f'email, password = "{email}", "{PASSWORD}"\n{program}')
    assert shell("python sample.py", tmp_path) == f"{email}\n"


@samples((CLIENTS, "pipx run openapi-generator-cli"), (CLIENTS, "use neptun_auth_client"))
def test_the_rust_client(texts: list[str], service: str, tmp_path: Path) -> None:
    generate, program = texts
    shell("cargo init --quiet --name sample && cargo add --quiet tokio --features macros,rt-multi-thread", tmp_path)
    shutil.copytree(ROOT / "openapi", tmp_path / "openapi")
    shell(generate, tmp_path)
    email = new_account(service)
    main = "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
    given = f'let (email, password) = ("{email}".to_owned(), "{PASSWORD}".to_owned());\n'
    (tmp_path / "src/main.rs").write_text(f"{main}{given}{program}Ok(())\n}}\n")
    built = {"CARGO_TARGET_DIR": str(ROOT / "target/samples")}
    assert shell("cargo run --quiet", tmp_path, **built) == f"{email}\n"


@samples(
    (VERIFY, "cd examples/verify"), (VERIFY, "pip install"), (VERIFY, "npm install"), (VERIFY, "cargo run")
)
def test_the_verifiers_find_the_account(texts: list[str], service: str, tmp_path: Path) -> None:
    """One reader runs all of them, in one shell."""
    account = {"email": "john@example.com", "password": "SecurePass123!"}
    user = httpx.post(f"{service}/api/auth/sign-up", json=account).raise_for_status().json()["user"]
    tracked = subprocess.check_output(["git", "ls-files", "examples/verify"], cwd=ROOT, text=True).splitlines()
    for file in tracked:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    shell("python3 -m venv venv", tmp_path)
    path = f"{tmp_path}/venv/bin:{os.environ['PATH']}"
    printed = shell("".join(texts), tmp_path, PATH=path, CARGO_TARGET_DIR=str(ROOT / "target/verify"))
    assert printed.splitlines().count(user["id"]) == 3, printed


def shell(command: str, folder: Path, **more: str) -> str:
    """What a command of a sample prints; fails as soon as a part of it fails."""
    answer = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment(folder) | {"npm_config_yes": "true", "PIPX_HOME": str(ROOT / "target/pipx")} | more,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=900,
    )
    output = answer.stdout.decode()
    assert answer.returncode == 0, output
    return output


def in_a_page(sample: str, *arguments: str, program: str = "page.mjs") -> dict:
    command = ["node", Path(__file__).with_name(program), *arguments]
    return json.loads(subprocess.run(command, input=sample, stdout=subprocess.PIPE, text=True, check=True).stdout)


def new_email() -> str:
    return f"{uuid4()}@example.com"


def new_account(service: str) -> str:
    email = new_email()
    httpx.post(f"{service}/api/auth/sign-up", json={"email": email, "password": PASSWORD}).raise_for_status()
    return email
