"""The start-up self-test: it passes here, is quick, and notices a recorder that cuts wrongly."""

import time

import h11
import pytest

from archive.errors import ExitCode, SelfTestError
from crawler.wire import self_test


async def test_recorder_keeps_exact_bytes_here_and_says_so_quickly() -> None:
    await self_test()
    began = time.perf_counter()
    await self_test()

    assert time.perf_counter() - began < 0.15


async def test_library_that_cuts_an_answer_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h11.Connection, "trailing_data", (b"", False))

    with pytest.raises(SelfTestError, match=r"self-test 'surplus': .* was recorded as") as caught:
        await self_test()

    assert caught.value.exit_code is ExitCode.SELF_TEST_FAILED
    assert caught.value.hint
