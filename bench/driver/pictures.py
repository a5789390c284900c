"""The pictures of docs/performance.md."""

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("svg")
# Text stays text, and the same figures give the same file.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "neptun-auth", "font.size": 9})

from matplotlib import pyplot
from matplotlib.ticker import NullFormatter, NullLocator, StrMethodFormatter

from .measure import STEADY_RATE, Results

COLOURS = {"SQLite": "#0b6e8f", "PostgreSQL": "#c2570c"}


def draw(all_results: dict[str, Results], sizes: list[int], folder: Path) -> None:
    latency(all_results, folder / "latency.svg")
    throughput(all_results, sizes, folder / "throughput.svg")


def latency(all_results: dict[str, Results], path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6, 3))
    # The last quantile is the maximum, at a share of 1, which such an axis can't show. A hundred points are enough.
    shown = sorted({1000 - round(1000 ** (1 - step / 100)) for step in range(101)})
    for name, results in all_results.items():
        for measured, label, style in [("alone", "alone", "--"), ("storm", "sign-up storm", "-")]:
            times = results.curve(measured)
            if times:
                rest = [1000 / (1000 - index) for index in shown]
                axes.plot(rest, [times[index] for index in shown], style, color=COLOURS[name], label=f"{name}, {label}")
    axes.set_xlabel(f"share of session checks, at {STEADY_RATE:,} a second")
    axes.set_ylabel("answered within, ms")
    save(figure, axes, path, lambda: axes.set_xticks([1, 2, 10, 100, 1000], ["0 %", "50 %", "90 %", "99 %", "99.9 %"]))


def throughput(all_results: dict[str, Results], sizes: list[int], path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6, 3))
    lines = [("plain", "plain route", ":"), ("check", "session checks", "-"), ("log_in", "log-ins", "--")]
    for name, results in all_results.items():
        for measured, label, style in lines:
            rates = [results.median(f"{measured}_{size}") for size in sizes]
            axes.plot(sizes, rates, style, marker=".", color=COLOURS[name], label=f"{name}, {label}")
    axes.set_xlabel("accounts, each with a live session")
    axes.set_ylabel("a second")
    axes.set_ylim(bottom=10)
    save(figure, axes, path, lambda: axes.set_xticks(sizes, [f"{size:,}" for size in sizes]))


def save(figure, axes, path: Path, set_ticks: Callable[[], object]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    set_ticks()
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
