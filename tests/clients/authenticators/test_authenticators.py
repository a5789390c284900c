"""Apps of three makers give the codes that the service accepts, and a camera reads the QR code."""

import os
import subprocess
import time
import uuid
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
import requests

SERVICE = os.environ["SERVICE_URL"]
PASSWORD = "correct horse battery"


def oathtool(secret, seconds):
    command = ["oathtool", "--totp", "--base32", secret, f"--now=@{seconds}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def otplib(secret, seconds):
    command = ["node", "otplib.mjs", secret, str(seconds)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def by_pyotp(secret, seconds):
    return pyotp.TOTP(secret).at(seconds)


APPS = [oathtool, otplib, by_pyotp]


class Browser:
    """An account of its own, and the cookies of its browser."""

    def __init__(self):
        self.email = f"{uuid.uuid4().hex}@example.com"
        self.session = requests.Session()
        self.post("sign-up", email=self.email, password=PASSWORD).raise_for_status()

    def post(self, path, **body):
        return self.session.post(f"{SERVICE}/api/auth/{path}", json=body, timeout=30)

    def log_in_again(self):
        self.session = requests.Session()
        answer = self.post("login", email=self.email, password=PASSWORD)
        assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")

    def enrol(self, app):
        started = self.post("totp").json()
        # The service accepts the code of the next step too, so the log-in need not wait for it.
        now = int(time.time())
        confirmed = self.post("totp/confirm", code=app(started["secret"], now))
        assert confirmed.status_code == 200, confirmed.text
        return started["secret"], now + 30, confirmed.json()["recovery_codes"]


@pytest.mark.parametrize("app", APPS)
def test_an_account_logs_in_with_the_codes_of_the_app(app):
    browser = Browser()
    secret, then, recovery_codes = browser.enrol(app)
    browser.log_in_again()
    code = app(secret, then)
    finished = browser.post("login/second-factor", code=f"{code[:3]} {code[3:]}")
    assert finished.status_code == 200, finished.text
    session = browser.session.get(f"{SERVICE}/api/auth/session", timeout=30).json()
    assert session["amr"] == ["pwd", "otp", "mfa"]

    browser.log_in_again()
    assert browser.post("login/second-factor", code=code).json()["code"] == "invalid_otp"
    assert browser.post("login/second-factor", recovery_code=recovery_codes[0]).status_code == 200


def test_the_apps_agree():
    secret = pyotp.random_base32()
    for step in range(10):
        codes = {app(secret, 1_900_000_000 + 30 * step) for app in APPS}
        assert len(codes) == 1


def test_a_camera_reads_the_address_from_the_qr_code(tmp_path):
    started = Browser().post("totp").json()
    (tmp_path / "code.svg").write_text(started["qr_svg"])
    subprocess.run(
        ["rsvg-convert", "--width=600", f"--output={tmp_path}/code.png", f"{tmp_path}/code.svg"], check=True
    )
    read = subprocess.run(["zbarimg", "--quiet", "--raw", f"{tmp_path}/code.png"], check=True, capture_output=True, text=True)
    assert read.stdout.strip() == started["uri"]


def test_a_library_understands_the_address():
    browser = Browser()
    started = browser.post("totp").json()
    totp = pyotp.parse_uri(started["uri"])
    assert (totp.secret, totp.name, totp.digits, totp.interval) == (started["secret"], browser.email, 6, 30)
    address = urlsplit(started["uri"])
    assert parse_qs(address.query)["issuer"] == [unquote(address.path).lstrip("/").split(":")[0]] == [totp.issuer]
