"""A folder that dpkg takes for a machine: the package is installed, and the real machine stays as it is."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What the package depends on. The folder has these as the real machine has them, in dpkg's lists only.
DEPENDENCIES = ["libc6", "libgcc-s1", "systemd"]
# dpkg gives the files to root.
AS_ROOT = [] if os.geteuid() == 0 else ["sudo"]


class Machine:
    def __init__(self, folder: Path) -> None:
        self.programs = folder / "usr/bin"
        self._folder = folder
        lists = folder / "var/lib/dpkg"
        for name in ("info", "updates"):
            (lists / name).mkdir(parents=True)
        status = subprocess.run(["dpkg-query", "--status", *DEPENDENCIES], capture_output=True, check=True).stdout
        (lists / "status").write_bytes(status)
        for package in DEPENDENCIES:
            # Some names have the architecture: libc6:amd64.list.
            for files in Path("/var/lib/dpkg/info").glob(f"{package}[.:]*list"):
                shutil.copy(files, lists / "info")

    @property
    def commands(self) -> dict[str, str]:
        """What an operator types, and what it is here. The package's scripts keep to the folder that dpkg names."""
        dpkg = f"dpkg --root={self._folder} --log={self._folder}/dpkg.log --force-script-chrootless"
        return {"sudo dpkg": " ".join([*AS_ROOT, dpkg]), "dpkg --listfiles": f"{dpkg} --listfiles"}


@contextmanager
def machine() -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="machine-"))
    try:
        yield Machine(folder)
    finally:
        subprocess.run([*AS_ROOT, "rm", "--recursive", "--force", folder], check=True)
