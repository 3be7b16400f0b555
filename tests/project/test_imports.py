"""Importing does nothing but define names."""

import subprocess
import sys
from pathlib import Path

LOOK = """
import importlib, logging, os, pkgutil, signal, sys, threading, warnings

warnings.simplefilter("error")

def world():
    signals = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    return dict(os.environ), list(sys.path), os.getcwd(), signals

before = world()
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

assert before == world(), "importing changed the environment, the path, the folder or a signal"
assert threading.enumerate() == [threading.main_thread()], threading.enumerate()
assert logging.root.handlers == [], logging.root.handlers
assert logging.root.level == logging.WARNING, logging.root.level
handles = [os.readlink(f"/proc/self/fd/{handle}") for handle in os.listdir("/proc/self/fd") if int(handle) > 2
           and os.path.exists(f"/proc/self/fd/{handle}")]
assert not [handle for handle in handles if handle.startswith("socket:")], handles
assert "twisted.internet.reactor" not in sys.modules, "importing chose a reactor"
if "crawler" not in sys.argv:
    strangers = {"scrapy", "twisted", "apscheduler", "crawler"} & {name.partition(".")[0] for name in sys.modules}
    assert not strangers, strangers
"""


def look(root: Path, *packages: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *packages], cwd=root, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_every_module_starts_nothing(root: Path) -> None:
    look(root, "archive", "crawler")


def test_archive_knows_no_crawler(root: Path) -> None:
    look(root, "archive")


QUESTIONS = """
import sys
import archive.cli.finding, archive.config
import archive.query
# The model is one thing to import, in however many files its nouns stand.
known = [name for name in sys.modules if name.split(".")[0] == "archive" and not name.startswith("archive.model.")]
heavy = {"archive.site", "archive.warc", "archive.text", "pydantic", "warcio", "sqlite_utils", "lxml", "rich", "email",
         "asyncio", "cryptography"}
print(sorted(heavy & set(sys.modules)), len(known), len(sys.modules))
"""


def test_asking_the_index_imports_little(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", QUESTIONS], cwd=root, capture_output=True, text=True, check=True)
    heavy, ours, every = done.stdout.rsplit(maxsplit=2)
    assert heavy == "[]"
    assert int(ours) <= 26
    assert int(every) <= 230
