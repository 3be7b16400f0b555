"""What an operator installs: units, crontab, container, log rotation. Foreign software reads them where it can."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from archive import tables
from archive.config import SettingsFile, shipped_sites
from archive.cron import parse_cron
from archive.errors import ExitCode
from archive.metrics import MEANINGS
from archive.schedule import schedule_of
from archive.site import parse_site
from crawler.cli import group
from crawler.schedule import KILL_AFTER, PATIENCE
from tests.project.locks import pins

UNITS = ["vigil.service", "vigil.timer", "vigil-schedule.service"]


def tool(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.fail(f"{name} is missing; its Debian package is among requirements/debian.txt")
    return found


def understood(words: list[str]) -> bool:
    """Tell whether ``vigil`` takes this command line: every verb and option is known."""
    context = click.Context(group)
    command = group.get_command(context, words[0])
    assert command is not None, words
    known = {option for param in command.params for option in param.opts}
    return all(word in known for word in words[1:] if word.startswith("-"))


@pytest.mark.reader
def test_systemd_takes_the_units(root: Path, tmp_path: Path) -> None:
    for name in UNITS:
        text = (root / "config" / "systemd" / name).read_text()
        # systemd asks whether program, user and folder are there; on this machine others stand in.
        stand_in = text.replace("/usr/local/bin/vigil", "/bin/true").replace("User=vigil", "User=root")
        (tmp_path / name).write_text(stand_in)
    done = subprocess.run(
        [tool("systemd-analyze"), "verify", "--recursive-errors=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "vigil" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_unit_runs_a_command_that_there_is_and_waits_for_its_end(root: Path, name: str) -> None:
    text = (root / "config" / "systemd" / name).read_text()
    (command,) = re.findall(r"^ExecStart=\S+/vigil (.+)$", text, re.MULTILINE)
    assert understood(shlex.split(command))
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(seconds) > PATIENCE + 2 * KILL_AFTER
    assert "User=vigil" in text


def test_exit_codes_that_a_unit_calls_success_are_what_they_say(root: Path) -> None:
    text = (root / "config" / "systemd" / "vigil.service").read_text()
    assert f"SuccessExitStatus={int(ExitCode.PARTIAL)} {int(ExitCode.LOCKED)}" in text


@pytest.mark.reader
def test_timer_fires_once_a_night(root: Path) -> None:
    text = (root / "config" / "systemd" / "vigil.timer").read_text()
    (calendar,) = re.findall(r"^OnCalendar=(.+)$", text, re.MULTILINE)
    told = subprocess.run(
        [tool("systemd-analyze"), "calendar", "--iterations=2", calendar], capture_output=True, text=True, check=True
    )
    assert "UTC" in told.stdout
    assert "Persistent=true" in text


def test_every_line_of_the_crontab_is_a_time_and_a_command_that_there_is(root: Path) -> None:
    lines = [line for line in (root / "config" / "crontab").read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 2
    for line in lines:
        parse_cron(" ".join(line.split()[:5]))
        (command,) = re.findall(r"/usr/local/bin/vigil (.*?) >", line)
        assert understood(shlex.split(command))
        assert "%" not in line, "cron ends a command at a percent sign"


@pytest.mark.parametrize(("code", "mail"), [(0, ""), (34, "LOOK  failed\n")], ids=["all is well", "something failed"])
def test_lines_of_the_crontab_log_the_crawl_and_send_mail_only_when_something_is_wrong(
    root: Path, tmp_path: Path, code: int, mail: str
) -> None:
    vigil = tmp_path / "vigil"
    vigil.write_text(f"#!/bin/sh\necho 'LOOK  failed'\n[ $1 = crawl ] || exit {code}\n")
    vigil.chmod(0o755)
    lines = [line for line in (root / "config" / "crontab").read_text().splitlines() if not line.startswith("#")]
    sent = ""
    for line in lines:
        command = (
            line.split(maxsplit=5)[5].replace("/srv/vigil", str(tmp_path)).replace("/usr/local/bin/vigil", str(vigil))
        )
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
        sent += done.stdout + done.stderr
    assert sent == mail
    assert (tmp_path / "logs" / "vigil.log").read_text() == "LOOK  failed\n"


@pytest.mark.reader
def test_logrotate_takes_the_log_rotation(root: Path, tmp_path: Path) -> None:
    text = (root / "config" / "logrotate" / "vigil").read_text()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "vigil.log").write_text("a line\n")
    name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    local = text.replace("/srv/vigil", str(tmp_path)).replace("su vigil vigil", f"su {name} {name}")
    (tmp_path / "vigil").write_text(local.replace("0640 vigil vigil", f"0640 {name} {name}"))
    (tmp_path / "vigil").chmod(0o644)
    told = subprocess.run(
        [tool("logrotate"), "-d", "-s", str(tmp_path / "state"), str(tmp_path / "vigil")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "error" not in told.stderr.lower()
    assert "vigil.log" in told.stderr


def test_no_log_rotation_touches_the_collection(root: Path) -> None:
    text = (root / "config" / "logrotate" / "vigil").read_text()
    assert re.findall(r"^(/\S+) \{$", text, re.MULTILINE) == ["/srv/vigil/logs/*.log"]


def dockerfile(root: Path) -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (root / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in text.splitlines() if line]


def test_container_runs_as_nobody_special_and_keeps_its_data_in_a_volume(root: Path) -> None:
    steps = dockerfile(root)
    last = steps[max(number for number, (word, _) in enumerate(steps) if word == "FROM") :]
    words = [word for word, _ in last]
    told = dict(last)
    assert told["USER"] == "10001:10001"
    assert "useradd --uid 10001 " in told["RUN"]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert told["VOLUME"] == told["WORKDIR"] == "/data"
    assert told["ENTRYPOINT"] == '["vigil"]'
    assert understood(["schedule"])


HADOLINT = Path(sys.executable).with_name("hadolint")


@pytest.mark.reader
@pytest.mark.skipif(not HADOLINT.exists(), reason="hadolint is not installed")
def test_hadolint_finds_nothing_to_say_about_the_container(root: Path) -> None:
    done = subprocess.run([HADOLINT, root / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_container_can_send_alerts_and_copies(root: Path) -> None:
    locked = {pin.name for pin in pins(root / "requirements" / "container.lock")}
    crawls = {pin.name for pin in pins(root / "requirements" / "run.lock")}
    assert locked - crawls >= {"apprise", "obstore"}
    assert crawls <= locked


def test_container_installs_nothing_that_is_not_locked(root: Path) -> None:
    text = (root / "Dockerfile").read_text()
    for install in re.findall(r"pip install (.*?)(?:\\|$)", text, re.MULTILINE):
        assert "--require-hashes" in install or "--no-deps" in install
    assert not re.search(r"curl|wget|apt-get|ADD http", text)
    for word, rest in dockerfile(root):
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (root / source).exists(), source


def test_compose_file_runs_the_container_with_as_little_as_it_needs(root: Path) -> None:
    (service,) = yaml.safe_load((root / "compose.yaml").read_text())["services"].values()
    assert service["volumes"] == ["./data:/data"]
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert not {"privileged", "ports", "network_mode", "user"} & service.keys()
    assert understood(service["command"])
    assert service["stop_grace_period"] == "3m"


PAGES = ["run-every-night", "alerts", "second-copy"]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_the_page_is_one_that_there_is(root: Path, page: str) -> None:
    text = (root / "docs" / "how-to" / f"{page}.md").read_text()
    blocks = "".join(re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    commands = re.findall(r"(?:^|run --rm |sudo -u vigil )(?:\$ )?vigil ([^#&\n]+)", blocks, re.MULTILINE)
    commands += re.findall(r"`vigil ([^`]+)`", text)
    assert commands
    for command in commands:
        assert understood(shlex.split(command.partition(" -- ")[0])), command


def test_every_number_that_the_page_alerts_on_is_one_that_is_written(root: Path) -> None:
    text = (root / "docs" / "how-to" / "run-every-night.md").read_text()
    (block,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rules = yaml.safe_load(block)
    names = {name for rule in rules for name in re.findall(r"vigil_\w+", rule["expr"])}
    assert len(names) == len(rules)
    assert names <= MEANINGS.keys()


@pytest.mark.parametrize("page", PAGES)
def test_every_table_of_the_page_is_one_that_is_read(root: Path, page: str) -> None:
    text = (root / "docs" / "how-to" / f"{page}.md").read_text()
    blocks = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert blocks
    site = (shipped_sites() / "rferl-watchdog.toml").read_text().partition("[schedule]")[0]
    for block in blocks:
        if block.startswith("["):
            schedule_of(parse_site(f"{site}{block}".encode(), "rferl-watchdog.toml"))
        else:
            tables.read(SettingsFile, tables.parse(block.encode(), page), page)
