"""Numbers for Prometheus as a textfile of its node exporter: written whole, or not at all."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from archive.collection import Collection
from archive.config import Settings
from archive.query import Status
from archive.schedule import last_good_run
from archive.watch import Cause, due_next

MEANINGS = {
    "vigil_posts": "Posts of which a text is held.",
    "vigil_gaps": "Posts that were shown and are not held.",
    "vigil_last_run_start_timestamp_seconds": "When the last run began.",
    "vigil_last_run_exit_code": "Exit code of the last run; -1 for one without an end.",
    "vigil_last_run_requests": "Requests of the last run.",
    "vigil_last_run_duration_seconds": "How long the last run took.",
    "vigil_last_run_new_posts": "New posts of the last run.",
    "vigil_last_run_changed_posts": "Posts whose text the last run found changed.",
    "vigil_last_run_gone_posts": "Posts that the last run did not find any more.",
    "vigil_last_good_run_start_timestamp_seconds": "When the last run began that ended well.",
    "vigil_next_run_timestamp_seconds": "When the site file's schedule is due next.",
    "vigil_causes": "Reasons to look at a site, by kind.",
    "vigil_warc_bytes": "Size of the WARC files.",
    "vigil_index_bytes": "Size of the index.",
    "vigil_disk_free_bytes": "Free disk space where the archive lies.",
    "vigil_status_timestamp_seconds": "When this was written.",
}
"""Every number, and what it means."""


Value = tuple[str, dict[str, str], float]
"""Name, labels and value of a sample."""


def textfile(settings: Settings, status: Status, found: Sequence[Cause], now: datetime) -> str:
    """Spell the numbers in Prometheus' text format 0.0.4."""
    values = [*_sites(status), *_schedules(settings, now)]
    for kind, site_id in sorted({(cause.kind, cause.site) for cause in found}):
        count = sum((cause.kind, cause.site) == (kind, site_id) for cause in found)
        values.append(("vigil_causes", {"kind": kind, "site": site_id}, count))
    values += [("vigil_warc_bytes", {}, status.warc_bytes), ("vigil_index_bytes", {}, status.index_bytes)]
    values.append(("vigil_disk_free_bytes", {}, shutil.disk_usage(settings.collection).free))
    values.append(("vigil_status_timestamp_seconds", {}, now.timestamp()))
    lines: list[str] = []
    for name, meaning in MEANINGS.items():
        samples = [f"{name}{_labels(labels)} {value:.17g}" for known, labels, value in values if known == name]
        if samples:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", *samples]
    return "\n".join(lines) + "\n"


def _sites(status: Status) -> Iterator[Value]:
    for site in status.sites:
        labels = {"site": site.site}
        yield "vigil_posts", labels, site.posts
        yield "vigil_gaps", labels, site.gaps
        if site.last_run is None:
            continue
        run = site.last_run
        yield "vigil_last_run_start_timestamp_seconds", labels, run.started.timestamp()
        yield "vigil_last_run_exit_code", labels, -1 if run.exit_code is None else run.exit_code
        yield "vigil_last_run_requests", labels, run.counts.requests
        yield "vigil_last_run_new_posts", labels, run.counts.new
        yield "vigil_last_run_changed_posts", labels, run.counts.changed
        yield "vigil_last_run_gone_posts", labels, run.counts.gone
        if run.ended is not None:
            yield "vigil_last_run_duration_seconds", labels, (run.ended - run.started).total_seconds()


def _schedules(settings: Settings, now: datetime) -> Iterator[Value]:
    """Tell of the scheduled sites that were ever crawled well into this collection."""
    for site, due in due_next(settings, now).items():
        last = last_good_run(Collection(settings.collection), site)
        if last is not None:
            yield "vigil_last_good_run_start_timestamp_seconds", {"site": site}, last.timestamp()
            yield "vigil_next_run_timestamp_seconds", {"site": site}, due.timestamp()


def write_textfile(path: Path, text: str) -> None:
    """Write the file under a scratch name that the exporter passes over, then give it its name.

    Raises:
        OSError: the disk refused.
    """
    scratch = path.with_name(f".{path.name}.new")
    scratch.write_text(text, encoding="utf-8")
    scratch.chmod(0o644)
    scratch.replace(path)


def _labels(labels: dict[str, str]) -> str:
    def safe(value: str) -> str:
        return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    return "{" + ",".join(f'{name}="{safe(value)}"' for name, value in labels.items()) + "}" if labels else ""
