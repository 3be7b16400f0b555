"""Puts words together: one story's people and places, its paragraphs, boxes, captions, last lines."""

from collections.abc import Callable
from random import Random

from crawler.replica import vocabulary as v
from crawler.replica.model import (
    Alt,
    Credit,
    ExternalPost,
    Figure,
    Heading,
    Items,
    Kind,
    Paragraph,
    Part,
    Picture,
    Player,
    Post,
    Promo,
    Quote,
    Role,
    SeeAlso,
    plain,
)
from crawler.replica.scripts import Tongue

_PROMOS = (
    Promo(
        heading="Subscribe To RFE/RL's Watchdog Report",
        text="Watchdog Report is our digest of news about paper. It comes on Thursdays. "
        "To subscribe, [[click here|/p/7000.html]].",
    ),
    Promo(
        heading="Crisis In Velkistan",
        text="Read our [[ongoing coverage|/z/651]] as the people of Velkistan wait for paper.",
    ),
)
_ALT = (Alt.CAPTION, Alt.CAPTION, Alt.CAPTION, Alt.EMPTY, Alt.MISSING)
_LENGTHS = (3, 5, 6, 8, 9, 11, 14, 18)
_TONGUE_LENGTHS = (3, 4, 5)


class Storyteller:
    """Tells one story after another with the given dice; ``new_story`` chooses the next one's people and places."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.path_before = "/a/1.html"
        self.new_story()

    def new_story(self) -> None:
        """Choose people, a country and its cities; no sentence has been used yet."""
        pick = self.dice.choice
        self.country = pick(tuple(v.COUNTRIES))
        self.city, self.city2 = self.dice.sample(v.COUNTRIES[self.country], 2)
        self.people = self.dice.sample(v.PEOPLE, 3)
        self.outlet, self.group, self.charge = pick(v.OUTLETS), pick(v.GROUPS), pick(v.CHARGES)
        self._used: set[str] = set()

    def line(self, lines: tuple[str, ...]) -> str:
        """One of ``lines`` that the story has not used, its blanks filled in."""
        unused = [line for line in lines if line not in self._used] or list(lines)
        line = self.dice.choice(unused)
        self._used.add(line)
        dice = self.dice
        official = dice.choice(v.OFFICIALS).format(person=dice.choice(v.PEOPLE))
        words = {
            "person": dice.choice(self.people),
            "official": official[0].upper() + official[1:] if line.startswith("{official}") else official,
            "country": self.country,
            "city": self.city.title(),
            "city2": self.city2.title(),
            "outlet": self.outlet,
            "group": self.group,
            "charge": self.charge,
            "thing": dice.choice(v.THINGS),
            "number": str(dice.randint(3, 29)),
            "number2": str(dice.randint(30, 99)),
            "number3": str(dice.randint(100, 999)),
            "day": str(dice.randint(1, 28)),
            "month": dice.choice(v.MONTHS),
            "weekday": dice.choice(v.WEEKDAYS),
            "before": self.path_before,
            "year": str(dice.randint(1990, 2009)),
        }
        filled = line.format_map(words)
        return filled[0].upper() + filled[1:]

    def paragraph(self, tongue: Tongue | None, *, is_lead: bool = False) -> Paragraph:
        """One to three sentences."""
        if tongue:
            unused = [line for line in tongue.sentences if line not in self._used]
            chosen = self.dice.sample(unused, self.dice.randint(1, 2) if len(unused) > 7 else 1)
            self._used.update(chosen)
            return Paragraph(text=" ".join(line.format(n=self.dice.randint(3, 90)) for line in chosen))
        first = self.line(v.LEADS if is_lead else v.SENTENCES)
        more = [self.line(v.SENTENCES) for _ in range(self.dice.choice((0, 0, 1, 2)))]
        if not is_lead and self.dice.random() < 0.08:
            return Paragraph(text=self.line(v.SHORT_SENTENCES))
        return Paragraph(text=" ".join([first, *more]))

    def body(self, post: Post, tongue: Tongue | None, count: int) -> tuple[Part, ...]:
        """Paragraphs with headings, lists, quotes, pictures, players and boxes among them."""
        length = self.dice.choice(_TONGUE_LENGTHS if tongue else _LENGTHS)
        parts: list[Part] = [self.paragraph(tongue, is_lead=True)]
        parts += [self.paragraph(tongue) for _ in range(length - 1)]
        for place, extra in enumerate(self._extras(post, tongue, count)):
            parts.insert(min(2 + place * 2, len(parts)), extra)
        if count % 17 == 9:
            parts.append(Figure(picture=self.picture(post, tongue)))
        return tuple(parts)

    def _extras(self, post: Post, tongue: Tongue | None, count: int) -> list[Part]:
        """What stands between the paragraphs; each kind comes round after a number of posts of its own."""
        rounds: tuple[tuple[int, int, Callable[[], Part]], ...] = (
            (5, 1, lambda: Figure(picture=self.picture(post, tongue), is_small=count % 2 == 0)),
            (6, 1, lambda: Heading(text=self.line(v.HEADINGS))),
            (9, 4, lambda: Quote(text=self.paragraph(tongue).text)),
            (8, 5, lambda: Items(texts=tuple(self.paragraph(tongue).text for _ in range(3)))),
            (4, 2, lambda: SeeAlso(title=self.line(v.TITLES), path=self.path_before)),
            (10, 7, lambda: self.clip(post, (Kind.AUDIO, Kind.VIDEO)[count % 20 > 9])),
            (12, 3, lambda: _PROMOS[count % 24 > 11]),
            (14, 6, lambda: ExternalPost(url=f"https://social.example/status/{post.id}")),
        )
        return [make() for every, at, make in rounds if count % every == at]

    def clip(self, post: Post, kind: Kind) -> Player:
        """A player in the body; its clip is an article of its own."""
        return Player(kind=kind, title=self.line(v.TITLES), clip=post.id + 1)

    def picture(self, post: Post, tongue: Tongue | None) -> Picture:
        """A picture with a caption, or rarely without; old ones have capital GUIDs."""
        raw = self.dice.randbytes(16).hex()
        guid = f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}".upper()
        if post.published.year > 2015:
            guid = f"01000000-0aff-0242-{raw[:4]}-{raw[4:16]}"
        caption = self.dice.choice(tongue.captions) if tongue else self.line(v.CAPTIONS)
        has_caption = self.dice.random() < 0.92
        return Picture(
            guid=guid,
            extension="png" if self.dice.random() < 0.1 else "jpg",
            caption=caption if has_caption else None,
            alt=self.dice.choice(_ALT),
            is_lazy=self.dice.random() < 0.15,
        )

    def cover(self, post: Post, tongue: Tongue | None) -> Picture:
        """The picture above the text."""
        return self.picture(post, tongue)

    def player(self, post: Post) -> Player:
        """A player in the cover's place."""
        kind = Kind.AUDIO if post.kind is Kind.AUDIO else Kind.VIDEO
        return Player(kind=kind, title=plain(post.title), clip=post.id)

    def dateline(self, tongue: Tongue | None, count: int) -> tuple[str | None, bool]:
        """Place (sometimes none, sometimes with an agency), and whether it stands within the first paragraph."""
        if count % 3 == 2:
            return None, True
        place = tongue.place if tongue else (self.city if count % 4 == 1 else f"{self.city}, {self.country}")
        if count % 25 == 6 and not tongue:
            place = f"{self.city} ({self.dice.choice(('Ilvapress', 'Kestfaks'))})"
        return place, count % 7 != 3

    def last_lines(self, tongue: Tongue | None, count: int) -> tuple[Credit | None, tuple[Part, ...]]:
        """What stands below the text: credit, pointer to the original, signature (Facts 2.4)."""
        if tongue:
            return None, ()
        language, service = self.dice.choice(v.SERVICES)
        writer = self.dice.choice(v.PEOPLE)
        one, two = self.dice.sample(v.AGENCIES, 2)
        credit: Credit | None = None
        match count % 8:
            case 0:
                text = f"Written by {writer} based on an original story in {language} by {service}"
                credit = Credit(text=text, writer=writer, original_language=language, service=service)
            case 1 | 2:
                credit = Credit(text=f"With reporting by {one} and {two}", sources=(one, two))
            case 3:
                linked = f"Based on reporting by [[{one}|https://{count}.example/]] and {two}"
                return Credit(text=plain(linked), sources=(one, two)), (Paragraph(text=linked, role=Role.CREDIT),)
            case 4:
                credit = Credit(text=f"(by {one})", sources=(one,))
            case 5:
                credit = Credit(text=f"(by {writer}, director of {service})", writer=writer, service=service)
            case 6:
                link = f"Read more in {language} [[here|/a/{count}.html]]"
                return None, (Paragraph(text=link, role=Role.READ_MORE),)
            case _:
                return None, (Paragraph(text=f"-- {writer}", role=Role.SIGNATURE),) if count % 16 == 7 else ()
        return credit, (Paragraph(text=credit.text, role=Role.CREDIT),)

    def correction(self) -> str:
        """A note that the text was changed."""
        kind = self.dice.choice(("CLARIFICATION", "CORRECTION"))
        return f"{kind}: This article has been amended to say that {self.people[0]} lives in {self.city2.title()}."

    def code(self, name: str) -> str:
        """The opaque code of an author page."""
        slug = "-".join(name.lower().replace("/", "-").replace("'", "-").split())
        return f"{slug}/{self.dice.randbytes(3).hex()}"
