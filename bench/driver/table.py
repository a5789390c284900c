"""The table: each measured value, its ratio to what the machine allows, and its goal."""

import math
from dataclasses import dataclass

from .measure import PARALLEL_LOG_INS, STEADY_RATE, Results
from .tools import BINARY, CORES

# The memory of one hash, and the memory that the service may use besides.
HASH_MEMORY = 19
OTHER_MEMORY = 64
HEAD = ["", "SQLite", "ratio", "PostgreSQL", "ratio", "goal"]


@dataclass
class Row:
    label: str
    name: str
    unit: str = ""
    # The name of the value by which this one is divided.
    base: str = ""
    # Limits of the ratio where there is one, otherwise of the value.
    at_least: float = -math.inf
    at_most: float = math.inf

    def goal(self) -> str:
        if self.at_least > -math.inf:
            return f"≥ {self.at_least:.2f}"
        if self.at_most < math.inf:
            return f"≤ {self.at_most:g} {self.unit}".rstrip()
        return ""

    def mark(self, judged: float) -> str:
        """Whether the goal is reached; empty for a row without a goal."""
        if not self.goal():
            return ""
        return " ✓" if self.at_least <= judged <= self.at_most else " ✗"

    def cells(self, results: Results) -> list[str]:
        value = results.median(self.name)
        if value is None:
            return ["–", ""]
        ratio = results.ratio(self.name, self.base) if self.base else None
        judged = value if ratio is None else ratio
        mark = self.mark(judged)
        shown = f"{number(value)} {self.unit}".rstrip()
        if ratio is None:
            return [shown + mark, ""]
        return [shown, f"{ratio:.2f}{mark}"]


def number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def rows(size: int) -> list[Row]:
    large = f"{size:,} accounts"
    sessions = f"{min(size, 100_000):,} sessions of {large}"
    return [
        Row(f"The crate's `hash_password`, {CORES} threads", "hash", "/s"),
        Row("… into memory that is kept, with nothing else to do", "hash_kept", "/s", "hash"),
        Row("Sign-ups", "sign_up", "/s", "hash", at_least=1.1),
        Row("Log-ins", "log_in", "/s", "hash", at_least=1.1),
        Row(f"Log-ins, {large}", f"log_in_{size}", "/s", f"hash_{size}", at_least=1.1),
        Row("Exchanges of refresh tokens", "refresh", "/s"),
        Row("Plain route", "plain", "/s"),
        Row("Session checks, one session", "check", "/s", "plain", at_least=0.75),
        Row(f"Session checks, {sessions}", f"check_{size}", "/s", f"plain_{size}", at_least=0.75),
        Row("Processor time of a plain request", "plain_cost", "µs"),
        Row("… of a session check", "check_cost", "µs", "plain_cost"),
        Row("… of a session check among many", f"check_{size}_cost", "µs", f"plain_{size}_cost"),
        Row(f"Session check at {STEADY_RATE:,}/s: median", "alone_p50", "ms"),
        Row("… 99th percentile", "alone_p99", "ms"),
        Row("… during a sign-up storm: median", "storm_p50", "ms"),
        Row("… 99th percentile", "storm_p99", "ms", at_most=10),
        Row("Sign-ups of that storm", "storm", "/s", "calm", at_least=0.9),
        Row("Memory before the first hash", "memory_idle", "MiB", at_most=24),
        Row(
            f"… at most during {PARALLEL_LOG_INS} parallel log-ins",
            "memory_peak",
            "MiB",
            at_most=CORES * HASH_MEMORY + OTHER_MEMORY,
        ),
        Row("… a minute after the last hash", "memory_later", "MiB", at_most=24),
        Row(f"{PARALLEL_LOG_INS} parallel log-ins: admitted", "admitted"),
        Row("… the slowest of them", "admitted_slowest", "ms", at_most=5000),
        Row("… the slowest rejection", "rejection_slowest", "ms", at_most=100),
        Row(f"… session checks at {STEADY_RATE:,}/s alongside: 99th percentile", "parallel_p99", "ms", at_most=50),
        Row("Start, new database", "start_new", "ms", at_most=100),
        Row(f"Start, {large}", f"start_{size}", "ms", at_most=100),
        *operator_rows(size),
        Row("Revocation reaches a second instance after: median", "revocation", "ms"),
        Row("… the slowest", "revocation_slowest", "ms", at_most=1000),
        Row("… stale answers after that", "stale", at_most=0),
    ]


def operator_rows(size: int) -> list[Row]:
    return [
        Row(f"An operator looks an address up, {size:,} accounts: median", "look_up_p50", "ms"),
        Row("… 99th percentile", "look_up_p99", "ms", at_most=20),
        Row("… reads a page of the list, from anywhere: median", "page_p50", "ms"),
        Row("… 99th percentile", "page_p99", "ms", at_most=20),
        Row("… reads a page of a search: median", "search_p50", "ms"),
        Row("… 99th percentile", "search_p99", "ms", at_most=20),
    ]


def binary_row() -> list[str]:
    size = BINARY.stat().st_size / 2**20
    return ["Binary", f"{number(size)} MiB" + (" ✗" if size > 20 else " ✓"), "", "", "", "≤ 20 MiB"]


def render(all_results: dict[str, Results], size: int) -> str:
    """The table in Markdown, padded so that it reads well as text too."""
    return markdown([HEAD, *cells_of(all_results, rows(size)), binary_row()])


def render_operators(all_results: dict[str, Results], size: int) -> str:
    return markdown([HEAD, *cells_of(all_results, operator_rows(size))])


def cells_of(all_results: dict[str, Results], shown: list[Row]) -> list[list[str]]:
    nothing = Results()
    lines = []
    for row in shown:
        cells = [row.cells(all_results.get(name, nothing)) for name in ("SQLite", "PostgreSQL")]
        lines.append([row.label, *cells[0], *cells[1], row.goal()])
    return lines


def markdown(lines: list[list[str]]) -> str:
    """A table whose first line is its head."""
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(lines[0]))]
    lines = [lines[0], ["-" * width for width in widths], *lines[1:]]
    return "\n".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines)
