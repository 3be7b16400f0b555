"""``python -m archive``: search and verify an archive with no crawler installed."""

from archive.cli import main

if __name__ == "__main__":
    main()
