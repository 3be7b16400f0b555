"""What a new version of a site's templates does to its pages: one change of markup at a time, by dice."""

from collections.abc import Callable
from random import Random

from lxml import etree

from archive.page import Element

Mutation = Callable[[Element, Random], str]
"""Changes a page in place and says what it did; raises ``IndexError`` where there is nothing to change."""

_RETAGGED = {"div": "section", "section": "div", "figure": "div", "figcaption": "div", "h2": "h3", "h1": "div"}


def mutated(page: bytes, dice: Random, *, changes: int = 1) -> tuple[bytes, str]:
    """The page with so many changes, and what they were."""
    root = etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))
    done: list[str] = []
    for _ in range(changes):
        for mutation in dice.sample(MUTATIONS, len(MUTATIONS)):
            try:
                done.append(mutation(root, dice))
            except IndexError:
                continue
            break
    return etree.tostring(root, method="html", encoding="utf-8", doctype="<!DOCTYPE html>"), "; ".join(done)


def rename_class(root: Element, dice: Random) -> str:
    """A class gets another name, wherever it stands."""
    holders = [element for element in root.iter(etree.Element) if element.get("class", "").split()]
    name = dice.choice(sorted({name for element in holders for name in element.get("class", "").split()}))
    for element in holders:
        names = ["x-" + one if one == name else one for one in element.get("class", "").split()]
        element.set("class", " ".join(names))
    return f"rename .{name}"


def rename_id(root: Element, dice: Random) -> str:
    """An id gets another name."""
    element = dice.choice([element for element in root.iter(etree.Element) if element.get("id")])
    name = element.get("id", "")
    element.set("id", f"x-{name}")
    return f"rename #{name}"


def wrap(root: Element, dice: Random) -> str:
    """An element gets a ``div`` around it, with or without a class."""
    element = dice.choice(_inner(root, "div", "p", "h1", "figure", "ul", "section"))
    wrapper = etree.Element("div", {"class": "x-wrapper"} if dice.random() < 0.5 else {})
    element.getparent().replace(element, wrapper)  # type: ignore[union-attr]  # _inner's elements have parents
    wrapper.tail, element.tail = element.tail, None
    wrapper.append(element)
    return f"wrap {_name(element)} in {_name(wrapper)}"


def unwrap(root: Element, dice: Random) -> str:
    """A wrapper goes, what was in it stays; a ``div`` with words of its own is no wrapper."""
    wrappers = [one for one in _inner(root, "div", "section") if not "".join(map(str, one.xpath("text()"))).strip()]
    element = dice.choice(wrappers)
    name = _name(element)
    element.tag = "x-gone"
    etree.strip_tags(root, "x-gone")
    return f"unwrap {name}"


def reorder(root: Element, dice: Random) -> str:
    """The parts of a container, no running text among them, come in another order."""
    containers = [
        element
        for element in _inner(root, "div", "section")
        if len(element) > 1 and not {child.tag for child in element} & {"p", "br", "li"}
    ]
    container = dice.choice(containers)
    children = list(container)
    dice.shuffle(children)
    container.extend(children)
    return f"reorder {_name(container)}"


def retag(root: Element, dice: Random) -> str:
    """An element becomes one of another kind."""
    element = dice.choice(_inner(root, *_RETAGGED))
    name = _name(element)
    element.tag = _RETAGGED[str(element.tag)]
    return f"retag {name} as {element.tag}"


MUTATIONS: tuple[Mutation, ...] = (rename_class, rename_class, rename_id, wrap, unwrap, reorder, retag)


def _inner(root: Element, *tags: str) -> list[Element]:
    """The elements of these kinds within the page's content."""
    content = [found for found in root.iter("div") if found.get("id") in {"content", "x-content", "article"}][:1]
    return list(content[0].iterdescendants(*tags)) if content else list(root.iterdescendants(*tags))


def _name(element: Element) -> str:
    return ".".join((str(element.tag), *element.get("class", "").split()))
