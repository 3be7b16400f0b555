"""Compare ways to make signatures of near-duplicates, text by text in turns, in one run.

Prints CPU milliseconds a text and the recall of 32 bands of 4 where 5 % of the words were edited; then what taking in
and asking costs with ``similar.db``:

    python -m benchmarks.similar [--texts 400] [--words 800]
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import datasketch
import rensa

from archive.similar import Signatures, shingles, signature

Marks = Sequence[int]


def ours(text: str) -> Marks:
    """One hash a shingle, no numpy."""
    marks = signature(text) or b""
    return [int.from_bytes(marks[at : at + 4], "little") for at in range(0, len(marks), 4)]


def with_datasketch(text: str) -> Marks:
    """128 permutations in numpy."""
    made = datasketch.MinHash(num_perm=128)
    made.update_batch([" ".join(words).encode() for words in shingles(text)])
    return [int(value) for value in made.hashvalues]


def with_rensa(text: str) -> Marks:
    """128 permutations in Rust."""
    made = rensa.RMinHash(num_perm=128, seed=1)
    made.update([" ".join(words) for words in shingles(text)])
    return [int(value) for value in made.digest()]


WAYS: tuple[tuple[str, Callable[[str], Marks]], ...] = (
    ("archive.similar", ours),
    ("datasketch", with_datasketch),
    ("rensa", with_rensa),
)


def pairs(count: int, length: int) -> list[tuple[str, str]]:
    """Texts of random words, each with a copy of which every twentieth word is another."""
    random, known = Random(1), [f"word{number}" for number in range(20_000)]
    made = []
    for _ in range(count):
        words = random.choices(known, k=length)
        edited = list(words)
        for at in random.sample(range(length), length // 20):
            edited[at] = random.choice(known)
        made.append((" ".join(words), " ".join(edited)))
    return made


def shares_a_band(one: Marks, other: Marks) -> bool:
    """Tell whether any four of the 128 are equal in place."""
    return any(one[at : at + 4] == other[at : at + 4] for at in range(0, 128, 4))


def main() -> None:
    """Run the comparison and print its lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--words", type=int, default=800)
    options = parser.parse_args()
    texts = pairs(options.texts, options.words)
    spent, found = {name: 0.0 for name, _ in WAYS}, {name: 0 for name, _ in WAYS}
    for one, other in texts:
        for name, way in WAYS:
            begun = time.process_time()
            both = way(one), way(other)
            spent[name] += time.process_time() - begun
            found[name] += shares_a_band(*both)
    for name, _ in WAYS:
        print(f"{name:16} {spent[name] / len(texts) / 2 * 1000:6.3f} ms/text  recall {found[name] / len(texts):.4f}")
    with tempfile.TemporaryDirectory() as folder, closing(Signatures(Path(folder) / "similar.db")) as held:
        begun = time.process_time()
        held.add([(number, str(number), one) for number, (one, _) in enumerate(texts)])
        cost = time.process_time() - begun
        print(f"taken in         {cost / len(texts) * 1000:6.3f} ms/text")


if __name__ == "__main__":
    main()
