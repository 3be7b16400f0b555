"""What the docs show a researcher is what happens: the page typed in, the notebook run, on one demo archive."""

import re
import shlex
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from archive import open_archive
from tests.project.test_transcripts import plain, steps, typed

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "research.md"
NOTEBOOK = ROOT / "docs" / "how-to" / "notebook.ipynb"
QUERIES = re.findall(r"\| `vigil search ([^|]*?)` \|", PAGE.read_text())

pytestmark = pytest.mark.e2e


def read() -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the first command of the page was typed: ``demo`` holds an archive."""
    folder = tmp_path_factory.mktemp("research")
    demo = steps(PAGE)[0]
    assert demo.command.startswith("vigil demo ")
    done = typed(demo.command, folder)
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> nbformat.NotebookNode:
    """The notebook after it ran."""
    notebook = read()
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute()
    return notebook


def test_page_shows_what_happens(folder: Path) -> None:
    typed_in = steps(PAGE)[1:]
    assert typed_in[0].command == "export VIGIL_COLLECTION=demo"
    for command, shown in typed_in[1:]:
        done = typed(f"{typed_in[0].command}; {command}", folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        happened = [plain(line) for line in done.stdout.splitlines()]
        missing = [line for line in shown if not any(told.startswith(plain(line.rstrip("…"))) for told in happened)]
        assert missing == [], f"{command}\n{done.stdout}"


def test_every_search_of_the_table_finds_something(folder: Path) -> None:
    assert len(QUERIES) == 7
    with open_archive(folder / "demo") as archive:
        for query in QUERIES:
            assert archive.search(" ".join(shlex.split(query))).hits, query


def outputs(notebook: nbformat.NotebookNode, words: str) -> str:
    """All that the cell said whose source holds ``words``."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and words in cell.source]
    return str(cell.outputs)


def test_notebook_is_kept_without_outputs() -> None:
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in read().cells)


def test_every_cell_shows_what_the_text_promises(run: nbformat.NotebookNode, folder: Path) -> None:
    notebook = run
    assert "41 posts" in outputs(notebook, "open_archive")
    assert "image/svg+xml" in outputs(notebook, "mark_bar")
    assert "<ins>" in outputs(notebook, "diff_html")
    assert "WARC-Payload-Digest: sha256:" in outputs(notebook, "gzip.decompress")
    assert "as the site sent it; True" in outputs(notebook, "archive.payload")
    assert "@misc{rferl-watchdog-" in outputs(notebook, "citations.bib")
    assert {path.name for path in (folder / "posts-parquet").iterdir()} >= {"posts.parquet", "SHA256SUMS", "README.md"}
