"""The processor time that other programs use, and that the host of a virtual machine withholds."""

import time
from dataclasses import dataclass

from .service import TICKS
from .tools import CORES


@dataclass
class Processors:
    """The time of all processors together since the system's start, in seconds."""

    busy: float
    # Work was waiting, but the host of the virtual machine gave the processor to another one (steal time).
    withheld: float

    @classmethod
    def now(cls) -> "Processors":
        with open("/proc/stat", encoding="ascii") as file:
            times = [int(ticks) / TICKS for ticks in file.readline().split()[1:9]]
        user, nice, system, _idle, _wait, irq, soft_irq, steal = times
        return cls(user + nice + system + irq + soft_irq, steal)

    def busy_since(self, before: "Processors") -> float:
        return self.busy - before.busy

    def withheld_since(self, before: "Processors") -> float:
        """The withheld time as a share of the time in which work was waiting or running."""
        withheld = self.withheld - before.withheld
        return withheld / max(withheld + self.busy_since(before), 1 / TICKS)


def use_by_others() -> float:
    """The share of the processors that is used while this program does nothing."""
    before, start = Processors.now(), time.perf_counter()
    time.sleep(1)
    return Processors.now().busy_since(before) / (time.perf_counter() - start) / CORES
