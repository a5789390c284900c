"""Command line of the measurements; scripts/bench starts it."""

import argparse
import json
import os
import platform
import re
import signal
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from . import measure, operators, peers, pictures, table
from .databases import Postgres, Sqlite
from .measure import Results
from .processors import Processors
from .tools import CORES, ROOT, running, surprises

RESULTS = ROOT / "target" / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"


def main() -> None:
    options = read_options()
    signal.signal(signal.SIGTERM, stop)
    sizes = [size for size in (1_000, 10_000, 100_000) if size < options.accounts] + [options.accounts]
    all_results: dict[str, Results] = {}
    # Where temporary files survive a restart they are on a disk, and waiting for that is a part of a sign-up.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        # PostgreSQL's own user has to get through to its folder.
        folder.chmod(0o711)
        for kind in options.databases:
            if kind == "sqlite":
                database = Sqlite(folder / "sqlite")
            else:
                database = Postgres(folder / "postgres", "postgres" if os.geteuid() == 0 else None)
            with closing(database):
                results = all_results[database.name] = Results()
                if options.operators:
                    operators_only(database, options.accounts, options.rounds, results)
                    continue
                before = Processors.now()
                measure.small_database(database, options.rounds, options.seconds, folder, results)
                measure.growing_database(database, sizes, options.rounds, options.seconds, folder, results)
                measure.revocation(database, 20 if options.quick else 200, results)
                if not options.quick:
                    measure.memory_after_hashing(database, options.rounds, results)
                results.add("withheld", Processors.now().withheld_since(before))
        others = peers.measure(folder, options.rounds, options.seconds) if options.peers else {}
    if options.operators:
        print(table.render_operators(all_results, options.accounts))
    else:
        report(options, all_results, others, sizes)


def operators_only(database: Sqlite | Postgres, accounts: int, rounds: int, results: Results) -> None:
    url = database.create("operators")
    with measure.Service(url) as service:
        service.sign_up(measure.TEMPLATE)
    database.fill(1, accounts)
    for _ in range(rounds):
        with measure.Service(url) as service:
            results.add_all(operators.find_and_list(service, accounts))


def stop(*_: object) -> None:
    """Ends the loads before the services that they would miss; everything else cleans up after itself."""
    for load in running:
        load.process.terminate()
    sys.exit("Stopped.")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures the service; docs/performance.md explains."
    )
    parser.add_argument("--rounds", type=int, default=5, help="of which the medians are shown (5)")
    parser.add_argument("--seconds", type=float, default=5, help="that each measurement of a round takes (5)")
    parser.add_argument("--accounts", type=int, default=1_000_000, help="in the large database (1000000)")
    parser.add_argument("--only", choices=["sqlite", "postgres"], help="measure on this database alone")
    parser.add_argument(
        "--operators", action="store_true", help="measure only how soon an operator finds accounts; changes no page"
    )
    parser.add_argument("--peers", action="store_true", help="measure PocketBase, better-auth and Django too")
    parser.add_argument(
        "--quick", action="store_true", help="one round of two seconds, 10000 accounts: shows that it works"
    )
    parser.add_argument("--docs", action="store_true", help="put table and pictures into docs/")
    options = parser.parse_args()
    if options.peers and options.only == "postgres":
        parser.error("--peers compares on SQLite")
    if options.quick:
        options.rounds, options.seconds, options.accounts = 1, 2, 10_000
    options.databases = [options.only] if options.only else ["sqlite", "postgres"]
    return options


def report(
    options: argparse.Namespace, all_results: dict[str, Results], others: dict[str, Results], sizes: list[int]
) -> None:
    used = max(share for results in all_results.values() for share in results.values["others"])
    machine = f"{CORES} cores ({processor()}), Linux {platform.release().split('-')[0]}"
    extent = f"{options.rounds} × {options.seconds:g} s of each"
    withheld = " and ".join(f"{results.median('withheld'):.0%} ({name})" for name, results in all_results.items())
    lines = [
        f"{machine}; {extent}; before the rounds other programs used up to {used:.0%} of the processors.",
        f"The machine's host withheld {withheld} of their time.",
        "",
        table.render(all_results, sizes[-1]),
    ]
    if others:
        lines += ["", peers.render(all_results["SQLite"], others)]
    if surprises:
        lines += ["", "Not as expected:", *(f"- {surprise}" for surprise in surprises)]
    text = "\n".join(lines) + "\n"
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "table.md").write_text(text)
    (RESULTS / "values.json").write_text(
        json.dumps({name: results.values for name, results in {**all_results, **others}.items()})
    )
    pictures.draw(all_results, sizes, RESULTS)
    if options.docs:
        before, after = re.split(r"(?s)(?<=<!-- measured -->\n).*(?=<!-- end -->)", PAGE.read_text())
        PAGE.write_text(f"{before}\n{text}\n{after}")
        pictures.draw(all_results, sizes, PAGE.parent)
    print(f"\n{text}")


def processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.partition(": ")[2].strip() for line in file if line.startswith("model name")), "unknown")


main()
