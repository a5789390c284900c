"""What was built for the measurements, and how it is called."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = Path(os.environ["BENCH_TOOL"])
BINARY = Path(os.environ["BENCH_BINARY"])
CORES = len(os.sched_getaffinity(0))

PASSWORD = "correct horse battery"
JSON_BODY = [["content-type", "application/json"]]


@dataclass
class Answers:
    """The answers of one status; times in milliseconds."""

    count: int
    per_second: float
    quantiles: list[float]

    def quantile(self, share: float) -> float:
        return self.quantiles[round(share * 1000)]


class Load:
    """A load that runs beside this program. `finish` waits for its end."""

    def __init__(self, address: str, priority: bool = False, **plan: object) -> None:
        command = [str(TOOL), "load", json.dumps({"address": address, **plan})]
        if priority and os.geteuid() == 0:
            command = ["nice", "--adjustment=-10", *command]
        self.what = f"{plan['method']} {plan['path']}"
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(self)

    def finish(self) -> dict[int, Answers]:
        output, _ = self.process.communicate()
        running.remove(self)
        if self.process.returncode != 0:
            raise SystemExit("A load could not be run.")
        report = json.loads(output)
        for error, count in report["errors"].items():
            surprises.append(f"{self.what}: {count} × {error}")
        return {int(status): Answers(**answers) for status, answers in report["statuses"].items()}

    def finish_with(self, expected: int) -> Answers:
        """The answers of the one status that was expected; all others are surprises."""
        statuses = self.finish()
        wanted = statuses.pop(expected, Answers(0, 0.0, [float("nan")] * 1001))
        for status, answers in statuses.items():
            surprises.append(f"{self.what}: {answers.count} × status {status} instead of {expected}")
        return wanted


running: list[Load] = []
# Everything that should not have happened; printed below the table.
surprises: list[str] = []


def plain_hash_rate(seconds: float) -> float:
    """Hashes a second by the argon2 crate's own call on all cores."""
    return _hash_rate(seconds)


def kept_hash_rate(seconds: float) -> float:
    """Hashes a second into memory that is kept, as the service does, with nothing else to do."""
    return _hash_rate(seconds, "kept")


def _hash_rate(seconds: float, *how: str) -> float:
    command = [TOOL, "hash", str(CORES), str(seconds), *how]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["per_second"]
