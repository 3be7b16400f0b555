"""Small disks: memory mounted for one process tree, where the system lets a user do that (``unshare``, ``nsenter``)."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SKIP = "needs a user namespace to mount a small disk in, which is not to be had here"


@dataclass(frozen=True, kw_only=True)
class Disks:
    """Disks that only processes started through ``enter`` see."""

    keeper: int

    @property
    def enter(self) -> tuple[str, ...]:
        """The words before a command that is to see the disks."""
        return ("nsenter", f"--target={self.keeper}", "--user", "--mount", "--preserve-credentials", "--wd=.")

    def grow(self, folder: Path, size: str) -> None:
        """Give the disk at ``folder`` another size."""
        subprocess.run([*self.enter, "mount", "-o", f"remount,size={size}", str(folder)], check=True)

    def show(self, folder: Path) -> None:
        """Copy what lies at ``folder`` to the same place as this process sees it."""
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(f"/proc/{self.keeper}/root{folder}", folder, dirs_exist_ok=True)


@contextmanager
def mounted(sizes: Mapping[Path, str]) -> Iterator[Disks]:
    """Mount a disk of so many bytes (``600k``) at each folder, in this order; the test is skipped where one may not."""
    mounts = [f"mkdir -p '{folder}' && mount -t tmpfs -o size={size} none '{folder}'" for folder, size in sizes.items()]
    script = " && ".join((*mounts, "echo mounted", "exec sleep 600"))
    try:
        keeper = subprocess.Popen(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script], stdout=subprocess.PIPE, text=True
        )
    except FileNotFoundError:
        pytest.skip(SKIP)
    with keeper:
        try:
            if keeper.stdout is None or keeper.stdout.readline() != "mounted\n":
                pytest.skip(SKIP)
            yield Disks(keeper=keeper.pid)
        finally:
            keeper.kill()
