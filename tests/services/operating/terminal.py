"""A terminal, at which an operator runs one command after the other."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 3000


class Terminal:
    """Commands with one folder, one environment and programs in the background."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.background: list[subprocess.Popen | None] = []

    def set(self, command: str) -> None:
        """A command that changes the environment."""
        printed = subprocess.run(
            ["bash", "-c", f"set -e; {command}; env -0"], env=self.environment, capture_output=True, check=True
        ).stdout.decode()
        self.environment = dict(line.split("=", 1) for line in printed.split("\0") if line)

    def start(self, command: str) -> subprocess.Popen:
        """Takes the first free number, as a shell does: the first one is `%1`."""
        command = command if command.startswith("while ") else f"exec {command}"
        # A group of its own: a loop ends together with what it runs.
        program = subprocess.Popen(["bash", "-c", command], cwd=self.folder, env=self.environment, process_group=0)
        if None in self.background:
            self.background[self.background.index(None)] = program
        else:
            self.background.append(program)
        return program

    def stop(self, job: str) -> None:
        """A program that ends in order says so; a loop of the shell just ends. `job` is a number, or how it begins."""
        number = int(job) if job.isdigit() else self._number_of(job)
        program = self.background[number - 1]
        os.killpg(program.pid, signal.SIGTERM)
        code = program.wait(30)
        assert code == 0 or "neptun-auth serve" not in program.args[-1], f"{program.args} ended with {code}"
        self.background[number - 1] = None

    def _number_of(self, beginning: str) -> int:
        (number,) = [
            number
            for number, program in enumerate(self.background, 1)
            if program and program.args[-1].startswith(beginning)
        ]
        return number

    def stop_all(self) -> None:
        """What the page leaves running; without its drain delay."""
        for program in self.background:
            if program:
                kill_group(program)

    def run(self, command: str, until: Callable[[str], bool] = lambda _: False, key: bytes = b"") -> str:
        """What the command prints. As soon as `until` holds for it, `key` is pressed; without a key it is killed."""
        child, terminal = pty.fork()
        if child == 0:
            # A shell that started the tests in the background has taken Ctrl-C away from them.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(self.folder)
            os.execvpe("bash", ["bash", "-c", command if ";" in command or "|" in command else f"exec {command}"],
                       self.environment)
        output, deadline, is_due = b"", time.monotonic() + PATIENCE, True
        try:
            while is_open(terminal, deadline):
                try:
                    output += os.read(terminal, 65536)
                except OSError:
                    break  # How Linux says that the other side has closed.
                if is_due and until(output.decode(errors="replace")):
                    is_due = False
                    if key:
                        os.write(terminal, key)
                    else:
                        os.kill(child, signal.SIGKILL)
        finally:
            # What still runs is told that its terminal is gone.
            os.close(terminal)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        expected = {b"": -signal.SIGKILL, b"\x03": -signal.SIGINT}[key] if not is_due else 0
        shown = as_shown(output.decode())
        assert code == expected, f"{command} ended with {code}:\n{shown}"
        return shown + ("\nKilled" if code == -signal.SIGKILL else "")


def kill_group(program: subprocess.Popen) -> None:
    try:
        os.killpg(program.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # It has ended by itself.
    program.wait()


def is_open(terminal: int, deadline: float) -> bool:
    ready, _, _ = select.select([terminal], [], [], deadline - time.monotonic())
    assert ready, "the command does not end"
    return True


def as_shown(output: str) -> str:
    """What stays on the screen: a line that begins anew replaces what it had."""
    text = re.sub(r"\x1b\[[0-9;]*[mK]", "", output.replace("\r\n", "\n"))
    lines = [next((part for part in reversed(line.split("\r")) if part), "") for line in text.split("\n")]
    return "\n".join(lines).rstrip("\n")
