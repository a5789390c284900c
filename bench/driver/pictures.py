"""The pictures of docs/performance.md."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
# Text stays text, and the same figures give the same file.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "neptun-auth", "font.size": 9})

from matplotlib import pyplot

from .measure import STEADY_RATE, Results


def draw(all_results: dict[str, Results], sizes: list[int], folder: Path) -> None:
    latency(all_results, folder / "latency.svg")
    throughput(all_results, sizes, folder / "throughput.svg")


def latency(all_results: dict[str, Results], path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6.5, 3.2))
    for name, results in all_results.items():
        for curve, style in [("alone", "--"), ("storm", "-")]:
            times = results.curve(curve)
            if times:
                # The last quantile is the maximum, at a share of 1, which such an axis can't show.
                rest = [1000 / (1000 - index) for index in range(1000)]
                axes.plot(
                    rest, times[:1000], style, label=f"{name}, {'sign-up storm' if curve == 'storm' else 'alone'}"
                )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([1, 2, 10, 100, 1000], ["0 %", "50 %", "90 %", "99 %", "99.9 %"])
    axes.set_xlabel(f"share of session checks, at {STEADY_RATE:,} a second")
    axes.set_ylabel("answered within, ms")
    save(figure, axes, path)


def throughput(all_results: dict[str, Results], sizes: list[int], path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6.5, 3.2))
    for name, results in all_results.items():
        for measured, label, style in [
            ("plain", "plain route", ":"),
            ("check", "session checks", "-"),
            ("log_in", "log-ins", "--"),
        ]:
            rates = [results.median(f"{measured}_{size}") for size in sizes]
            if all(rates):
                axes.plot(sizes, rates, style, marker=".", label=f"{name}, {label}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("accounts, each with a live session")
    axes.set_ylabel("per second")
    save(figure, axes, path)


def save(figure, axes, path: Path) -> None:
    axes.grid(True, alpha=0.3)
    axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    pyplot.close(figure)
