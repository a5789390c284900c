"""The measurements. Every function adds its values to a `Results`, one for each round."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import operators
from .databases import TEMPLATE, cookie_value
from .processors import use_by_others
from .service import Service
from .tools import JSON_BODY, PASSWORD, Load, kept_hash_rate, plain_hash_rate, surprises

CONNECTIONS = 64
WARM_UP = 0.5
# Requests a second while latency is measured.
STEADY_RATE = 1000
PARALLEL_LOG_INS = 500
# About as long as it takes to answer them.
PARALLEL_SECONDS = 2
# In each round: what the checks take from the sign-ups is little beside how much one moment differs from the next.
STORMS = 3
# Sessions that a load uses in turn, at most.
DISTINCT_SESSIONS = 100_000
# The service has until then to return what hashing needed.
UNTIL_MEMORY_IS_RETURNED = 60


class Results:
    """Values by name, and the latency curves of the rounds."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self.curves: dict[str, list[list[float]]] = defaultdict(list)

    def add(self, name: str, value: float) -> None:
        self.values[name].append(value)

    def add_all(self, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.add(name, value)

    def median(self, name: str) -> float | None:
        values = self.values.get(name)
        return statistics.median(values) if values else None

    def ratio(self, name: str, base: str) -> float | None:
        """The median of the rounds' ratios: what both have in common in a round cancels out."""
        pairs = zip(self.values.get(name, []), self.values.get(base, []))
        ratios = [value / other for value, other in pairs if other]
        return statistics.median(ratios) if ratios else None

    def curve(self, name: str) -> list[float] | None:
        """The median of each quantile."""
        curves = self.curves.get(name)
        return [statistics.median(values) for values in zip(*curves)] if curves else None


class Round:
    """One service and the time that each of its measurements takes."""

    def __init__(self, service: Service, results: Results, seconds: float) -> None:
        self.service = service
        self.results = results
        self.seconds = seconds

    def load(self, **plan: object) -> Load:
        return Load(self.service.address, **{"connections": CONNECTIONS, "seconds": self.seconds, **plan})

    def get(self, path: str, **plan: object) -> Load:
        return self.load(method="GET", path=path, **plan)

    def post(self, path: str, email: str, **plan: object) -> Load:
        body = f'{{"email":"{email}","password":"{PASSWORD}"}}'
        return self.load(method="POST", path=path, headers=JSON_BODY, body=body, **plan)

    def sign_ups(self, name: str, **plan: object) -> Load:
        return self.post("/api/auth/sign-up", f"{name}-{{n}}@example.com", **plan)

    def readings(self, plain: str, check: str, cookies: Path, sessions: int = 1) -> None:
        """The plain route before and after the session checks, so that a machine that gets slower slows both."""
        halves = [self.reading("/health/live", 200, seconds=self.seconds / 2)]
        # No session was used during that half, so some renewals are due. Make them before the checks are measured.
        self.use_all(cookies, sessions)
        rate, cost = self.reading("/api/auth/check", 204, seconds=self.seconds, cookies=str(cookies))
        halves.append(self.reading("/health/live", 200, seconds=self.seconds / 2))
        self.results.add(plain, statistics.mean(half[0] for half in halves))
        self.results.add(f"{plain}_cost", statistics.mean(half[1] for half in halves))
        self.results.add(check, rate)
        self.results.add(f"{check}_cost", cost)

    def use_all(self, cookies: Path, sessions: int) -> None:
        self.get("/api/auth/check", cookies=str(cookies), requests=sessions).finish_with(204)

    def reading(self, path: str, expected: int, **plan: object) -> tuple[float, float]:
        """The requests per second, and the microseconds of processor time that one costs the service."""
        self.get(path, **{**plan, "seconds": WARM_UP}).finish()
        before = self.service.processor_seconds()
        answers = self.get(path, **plan).finish_with(expected)
        used = self.service.processor_seconds() - before
        return answers.per_second, used / max(answers.count, 1) * 1e6

    @contextmanager
    def beside(self, name: str, hash_rate: Callable[[float], float]) -> Iterator[None]:
        """Measures a rate of hashes before and after, as `readings` does the plain route."""
        before = hash_rate(self.seconds / 2)
        yield
        self.results.add(name, (before + hash_rate(self.seconds / 2)) / 2)

    def sign_up_and_log_in(self) -> int:
        """Signs up, logs in, and returns the number of accounts created."""
        with self.beside("hash_kept", kept_hash_rate), self.beside("hash", plain_hash_rate):
            answers = self.sign_ups("user", warm_up=WARM_UP).finish_with(200)
            self.results.add("sign_up", answers.per_second)
            self.log_in("log_in", "user-{n}@example.com", answers.count)
        return answers.count

    def log_in(self, name: str, email: str, accounts: int) -> None:
        log_ins = self.post("/api/auth/login", email, first=1, cycle=max(accounts - 1, 1), warm_up=WARM_UP)
        self.results.add(name, log_ins.finish_with(200).per_second)

    def refreshes(self, values: Path) -> None:
        """One client for each connection; each sends the token from its last answer."""
        pairs = [self.service.sign_up_for_tokens(f"refresher{number}") for number in range(CONNECTIONS)]
        values.write_text("".join(f"{pair['refresh']}\n" for pair in pairs))
        body = '{"refresh":"{v}"}'
        chain = {"headers": JSON_BODY, "body": body, "values": str(values), "follow": "refresh"}
        refreshes = self.load(method="POST", path="/api/token/refresh/", warm_up=WARM_UP, **chain)
        self.results.add("refresh", refreshes.finish_with(200).per_second)

    def parallel_log_ins(self, accounts: int) -> None:
        """Sends all log-ins at the same time, once. The service admits some and rejects the others with 503."""
        self.service.forget_peak()
        path, email = "/api/auth/login", "user-{n}@example.com"
        load = self.post(path, email, connections=PARALLEL_LOG_INS, requests=PARALLEL_LOG_INS, cycle=max(accounts, 1))
        statuses = load.finish()
        self.results.add("memory_peak", self.service.peak_memory())
        admitted, rejected = statuses.pop(200, None), statuses.pop(503, None)
        self.results.add("admitted", admitted.count if admitted else 0)
        if admitted:
            self.results.add("admitted_slowest", admitted.quantile(1))
        if rejected:
            self.results.add("rejection_slowest", rejected.quantile(1))
        for status, answers in statuses.items():
            surprises.append(f"{answers.count} × status {status} to parallel log-ins")

    def latency(self, cookies: Path) -> None:
        """Session checks at a steady rate: alone, then during as many sign-ups as the service can take."""
        with self.checks("alone", cookies):
            pass
        for number in range(STORMS):
            self.storm(f"storm{number}", cookies)

    def storm(self, name: str, cookies: Path) -> None:
        halves = [self.calm_sign_ups(f"before-{name}")]
        storm = self.sign_ups(name, seconds=self.seconds, warm_up=1)
        time.sleep(1)
        with self.checks("storm", cookies):
            pass
        self.results.add("storm", storm.finish_with(200).per_second)
        halves.append(self.calm_sign_ups(f"after-{name}"))
        self.results.add("calm", statistics.mean(halves))

    def calm_sign_ups(self, name: str) -> float:
        """The sign-ups per second without session checks at the same time."""
        return self.sign_ups(name, seconds=self.seconds / 2, warm_up=WARM_UP).finish_with(200).per_second

    @contextmanager
    def checks(self, name: str, cookies: Path, **plan: object) -> Iterator[None]:
        """The latency of session checks at a steady rate while the body of the `with` statement runs."""
        load = self.get("/api/auth/check", cookies=str(cookies), rate=STEADY_RATE, priority=True, **plan)
        yield
        answers = load.finish_with(204)
        self.results.add(f"{name}_p50", answers.quantile(0.5))
        self.results.add(f"{name}_p99", answers.quantile(0.99))
        self.results.curves[name].append(answers.quantiles)


def small_database(database, rounds: int, seconds: float, folder: Path, results: Results) -> None:
    """Everything that does not depend on how many accounts there are. Each round has a database of its own."""
    for number in range(1, rounds + 1):
        print(f"{database.name}, empty database, round {number} of {rounds}", flush=True)
        results.add("others", use_by_others())
        with Service(database.create(f"empty_{number}")) as service:
            results.add("start_new", service.start_milliseconds)
            time.sleep(1)
            results.add("memory_idle", service.memory())
            cookies = folder / "cookie"
            cookies.write_text(service.sign_up("one@example.com"))
            now = Round(service, results, seconds)
            now.readings("plain", "check", cookies)
            accounts = now.sign_up_and_log_in()
            with now.checks("parallel", cookies, seconds=PARALLEL_SECONDS):
                now.parallel_log_ins(accounts)
            now.latency(cookies)
            now.refreshes(folder / "tokens")


def memory_after_hashing(database, rounds: int, results: Results) -> None:
    print(f"{database.name}, memory a minute after the last hash", flush=True)
    with ExitStack() as services:
        due = []
        for number in range(1, rounds + 1):
            service = services.enter_context(Service(database.create(f"memory_{number}")))
            # The most that the service does with memory; what was measured on the way is known already.
            now = Round(service, Results(), 1)
            accounts = now.sign_ups("user").finish_with(200).count
            now.parallel_log_ins(accounts)
            due.append((service, time.monotonic() + UNTIL_MEMORY_IS_RETURNED))
        for service, moment in due:
            time.sleep(max(0, moment - time.monotonic()))
            results.add("memory_later", service.memory())


def growing_database(database, sizes: list[int], rounds: int, seconds: float, folder: Path, results: Results) -> None:
    """The same database with more and more accounts, each with a live session."""
    url = database.create("growing")
    with Service(url) as service:
        service.sign_up(TEMPLATE)
    cookie_name = None
    filled = 0
    for size in sizes:
        print(f"{database.name}, {size:,} accounts", flush=True)
        database.fill(filled + 1, size)
        filled = size
        sessions = min(size, DISTINCT_SESSIONS)
        cookies = folder / "cookies"
        for _ in range(rounds):
            # A session's use is stored every five minutes. In the long run those writes are spread over that time.
            database.spread_last_use(sessions)
            with Service(url) as service:
                results.add(f"start_{size}", service.start_milliseconds)
                cookie_name = cookie_name or service.sign_up("name@example.com").partition("=")[0]
                cookies.write_text("".join(f"{cookie_name}={cookie_value(n)}\n" for n in range(1, sessions + 1)))
                if not service.is_signed_in(f"{cookie_name}={cookie_value(1)}"):
                    raise SystemExit("A session that was written into the database is not accepted; see databases.py.")
                now = Round(service, results, seconds)
                # Each is read once and remembered.
                now.use_all(cookies, sessions)
                now.readings(f"plain_{size}", f"check_{size}", cookies, sessions)
                with now.beside(f"hash_{size}", plain_hash_rate):
                    now.log_in(f"log_in_{size}", "filled-{n}@example.com", size)
                if size == sizes[-1]:
                    results.add_all(operators.find_and_list(service, size))


def revocation(database, tries: int, results: Results) -> None:
    """How soon a second instance knows that a session was ended at the first, and whether it ever forgets."""
    print(f"{database.name}, revocation with two instances", flush=True)
    url = database.create("revocation")
    with Service(url) as here, Service(url) as there:
        stale, slowest = 0, 0.0
        for number in range(tries):
            cookie = here.sign_up(f"user-{number}@example.com")
            if not there.is_signed_in(cookie):
                surprises.append("a second instance did not know a new session")
            here.call("POST", "/api/auth/logout", {}, cookie)
            ended = time.perf_counter()
            while there.is_signed_in(cookie) and time.perf_counter() - ended < 10:
                pass
            milliseconds = (time.perf_counter() - ended) * 1000
            results.add("revocation", milliseconds)
            slowest = max(slowest, milliseconds)
            stale += sum(there.is_signed_in(cookie) for _ in range(50))
        results.add("revocation_slowest", slowest)
        results.add("stale", stale)
        results.add("stale_tries", tries * 50)
