"""Which versions of a post are meant, and what changed between two of them."""

from archive.diff import Diff
from archive.diff import compare as compare_texts
from archive.errors import NotFoundError
from archive.query.answers import PostDetail, Version


def chosen(detail: PostDetail, version: str | None) -> Version | None:
    """The version of that number or hash; without one, that which stands.

    Raises:
        NotFoundError: the post has no such version.
    """
    if version is None:
        return detail.current or next(reversed(detail.versions), None)
    for one in detail.versions:
        if version == str(one.number) or (len(version) >= 6 and one.text_hash.startswith(version.lower())):
            return one
    known = ", ".join(f"{one.number} ({one.text_hash[:12]})" for one in detail.versions) or "none"
    hint = f"There is: {known}. What was read before an update: vigil show POST --readings."
    raise NotFoundError(f"the post has no version {version}", hint=hint)


def two(detail: PostDetail, before: str | None, after: str | None) -> tuple[Version, Version]:
    """Choose two versions to compare; without names the one that stands and the one before it.

    Raises:
        NotFoundError: the post has no such version, or only one.
    """
    if len(detail.versions) < 2 and before is None:
        raise NotFoundError(
            f"the archive holds {len(detail.versions)} version of this post: there is nothing to compare",
            hint="vigil timeline POST tells what else happened to it.",
        )
    new = chosen(detail, after)
    if new is None:
        raise NotFoundError("no text of this post is kept", hint="vigil show POST tells what is held.")
    if before is not None:
        old = chosen(detail, before)
    else:
        others = [version for version in detail.versions if version.number != new.number]
        earlier = [version for version in others if version.number < new.number]
        old = (earlier or others)[-1]
    if old is None:
        raise NotFoundError("no text of this post is kept", hint="vigil show POST tells what is held.")
    return old, new


def compare(old: Version, new: Version) -> Diff:
    """Say what changed between two versions: headline and paragraphs, moved ones recognised, changed ones by word."""
    first, second = old.article, new.article
    return compare_texts(
        first.title, [block.text for block in first.blocks], second.title, [block.text for block in second.blocks]
    )
