"""Compares the durations of two kinds of requests."""

import gc
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

RESAMPLES = 2_000


class Client:
    """One connection, and as little work as possible of its own."""

    def __init__(self) -> None:
        self._connection = HTTPConnection(urlsplit(os.environ["SERVICE_URL"]).netloc, timeout=10)

    def post(self, path: str, body: dict[str, str]) -> int:
        content = json.dumps(body)
        self._connection.request("POST", path, content, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


@dataclass(frozen=True)
class Difference:
    """By how much the median of one kind is above the median of the other, in seconds, and the bounds of that with a
    confidence of 99 %."""

    median: float
    observed: float
    low: float
    high: float
    pairs: int

    @property
    def share(self) -> float:
        return self.observed / self.median

    @property
    def is_significant(self) -> bool:
        return not self.low <= 0 <= self.high

    def __str__(self) -> str:
        def percent(seconds: float) -> str:
            return f"{100 * seconds / self.median:+.2f} %"

        limit = 100 * (self.high - self.low) / 2 / self.median
        return (
            f"{self.pairs} pairs, median {1000 * self.median:.3f} ms; known - unknown = {percent(self.observed)} "
            f"(99 % between {percent(self.low)} and {percent(self.high)}); "
            f"differences below about {limit:.1f} % would go unseen"
        )


Request = Callable[[], None]


def compare(pairs: list[tuple[Request, Request]]) -> Difference:
    """Sends every pair in an order that is drawn anew, so that whatever changes with time changes both alike."""
    chance = random.Random(27)
    samples = []
    gc.disable()
    for pair in pairs:
        durations = [0.0, 0.0]
        for which in chance.sample([0, 1], 2):
            began = time.perf_counter()
            pair[which]()
            durations[which] = time.perf_counter() - began
        samples.append((durations[0], durations[1]))
    gc.enable()
    # The bootstrap: how much the difference varies when the pairs are drawn again out of those that were measured.
    resampled = sorted(above(chance.choices(samples, k=len(samples))) for _ in range(RESAMPLES))
    return Difference(
        median=statistics.median(unknown for _, unknown in samples),
        observed=above(samples),
        low=resampled[RESAMPLES // 200],
        high=resampled[-RESAMPLES // 200 - 1],
        pairs=len(samples),
    )


def above(samples: list[tuple[float, float]]) -> float:
    known, unknown = zip(*samples, strict=True)
    return statistics.median(known) - statistics.median(unknown)
