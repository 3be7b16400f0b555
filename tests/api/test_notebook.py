"""The notebook of the docs, run from its first cell to its last on a demo archive."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "how-to" / "notebook.ipynb"

pytestmark = pytest.mark.e2e


def read() -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[nbformat.NotebookNode, Path]:
    """The notebook after it ran, and the folder in which it did."""
    folder = tmp_path_factory.mktemp("notebook")
    command = [sys.executable, "-m", "crawler", "demo", "--folder", "demo", "--posts", "12"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    notebook = read()
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute()
    return notebook, folder


def outputs(notebook: nbformat.NotebookNode, words: str) -> str:
    """All that the cell said whose source holds ``words``."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and words in cell.source]
    return str(cell.outputs)


def test_notebook_is_kept_without_outputs() -> None:
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in read().cells)


def test_every_cell_shows_what_the_text_promises(run: tuple[nbformat.NotebookNode, Path]) -> None:
    notebook, folder = run
    assert "13 posts" in outputs(notebook, "open_archive")
    assert "image/svg+xml" in outputs(notebook, "mark_bar")
    assert "<ins>" in outputs(notebook, "diff_html")
    assert "WARC-Payload-Digest: sha256:" in outputs(notebook, "gzip.decompress")
    assert "as the site sent it; True" in outputs(notebook, "archive.payload")
    assert "@misc{rferl-watchdog-" in outputs(notebook, "citations.bib")
    assert {path.name for path in (folder / "posts-parquet").iterdir()} >= {"posts.parquet", "SHA256SUMS", "README.md"}
