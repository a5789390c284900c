"""The session's cookie in the cookie jars that programs use, and in programs that have none."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

import requests
import urllib3

SERVICE = os.environ["SERVICE_URL"]
SESSION = f"{SERVICE}/api/auth/session"
JSON = {"Content-Type": "application/json"}


def new_account() -> dict[str, str]:
    return {"email": f"{uuid4()}@example.com", "password": "correct horse battery"}


def test_requests() -> None:
    with requests.Session() as session:
        session.post(f"{SERVICE}/api/auth/sign-up", json=new_account()).raise_for_status()
        assert session.get(SESSION).status_code == 200
        assert session.post(f"{SERVICE}/api/auth/logout").json() is True
        assert session.get(SESSION).status_code == 401
        assert [cookie.name for cookie in session.cookies] == ["neptun-device"]


def test_http_cookiejar() -> None:
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    body = json.dumps(new_account()).encode()
    opener.open(urllib.request.Request(f"{SERVICE}/api/auth/sign-up", body, JSON))
    assert opener.open(SESSION).status == 200
    assert {cookie.name: cookie.is_expired() for cookie in jar} == {"neptun-session": False, "neptun-device": False}
    opener.open(urllib.request.Request(f"{SERVICE}/api/auth/logout", b""))
    assert [cookie.name for cookie in jar] == ["neptun-device"]


def test_curl(tmp_path: Path) -> None:
    def curl(path: str, *arguments: str) -> str:
        jar = ["--cookie", "jar", "--cookie-jar", "jar"]
        command = ["curl", "--silent", "--write-out", "%{http_code}", "--output", "body", *jar, *arguments]
        return subprocess.run([*command, SERVICE + path], cwd=tmp_path, check=True, stdout=subprocess.PIPE).stdout.decode()

    assert curl("/api/auth/sign-up", "--json", json.dumps(new_account())) == "200"
    assert curl("/api/auth/session") == "200"
    assert curl("/api/auth/logout", "--request", "POST") == "200"
    assert curl("/api/auth/session") == "401"


def test_java() -> None:
    command = ["java", "Cookies.java", SERVICE]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120).stdout.decode()
    assert output == "2 clients passed\n"


def test_fetch_of_node() -> None:
    """It keeps no cookies: programs store the lines of `getSetCookie` themselves, or take the first line of `get`."""
    subprocess.run(["node", "fetch.mjs", SERVICE], check=True, timeout=60)


def test_programs_that_keep_one_line_of_the_answer() -> None:
    """A dictionary of the items of urllib3's headers keeps the last line of a name, other libraries give the first."""
    answer = urllib3.request("POST", f"{SERVICE}/api/auth/sign-up", json=new_account())
    lines = answer.headers.getlist("Set-Cookie")
    assert len(lines) > 1
    for line in (dict(answer.headers.items())["set-cookie"], lines[0], lines[-1]):
        cookie = line.split(";")[0]
        assert urllib3.request("GET", SESSION, headers={"Cookie": cookie}).status == 200


def test_programs_that_know_cookies_by_their_name_only() -> None:
    """In the order of the answer, a later line of the name replaces an earlier one."""
    account = new_account()
    jar: dict[str, str] = {}
    for path, status in [("sign-up", 200), ("login", 200), ("logout", 401), ("login", 200)]:
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        answer = urllib3.request("POST", f"{SERVICE}/api/auth/{path}", json=account, headers=cookies)
        for line in answer.headers.getlist("Set-Cookie"):
            name, value = line.split(";")[0].split("=", 1)
            if "Max-Age=0" in line:
                jar.pop(name, None)
            else:
                jar[name] = value
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        assert urllib3.request("GET", SESSION, headers=cookies).status == status, path
