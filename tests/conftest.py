"""What every test folder shares: the notes' data, hypothesis profiles, and the rule about skips."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

ALLOWED_SKIPS = {
    "ReplayWeb.page": "its licence is its own: who wants it fetches it with `vigil player fetch`",
    "shared/data": "the notes' data lie beside the checkout of those who have them, and are not ours to give away",
}
"""Words of a skip's reason -> why it may be skipped even where nothing may be (VIGIL_NO_SKIP)."""

settings.register_profile("default", deadline=None, max_examples=50, print_blob=True)
settings.register_profile(
    "all", deadline=None, max_examples=1000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the notes' real documents; the test is skipped where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    return SHARED_DATA


class SkipKeeper:
    """Fails a session in which a test was skipped that could have run.

    Works on the process that reports (with xdist: not in the workers), because only there all reports come by.
    """

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}

    def _look(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(words in reason for words in ALLOWED_SKIPS):
            self.refused[report.nodeid] = reason

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._look(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._look(report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Iterator[None]:
        if self.refused and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.refused:
            terminalreporter.section("skipped, though VIGIL_NO_SKIP is set", red=True)
            for test, reason in sorted(self.refused.items()):
                terminalreporter.line(f"{test}: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("VIGIL_NO_SKIP") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipKeeper(), "skip-keeper")
