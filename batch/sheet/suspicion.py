"""Headers that are not known → harmless, or too near to something that counts. Used by `sheet`.

A column that is not understood is never passed over in silence. What might have been meant as an
order field, or says something that changes what an order is, refuses the sheet; whatever else a
desk keeps in its sheets is carried along, and told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from batch.sheet.vocabulary import (
    CANONICAL,
    CHANGES,
    FILLERS,
    NAMES_OF_A_DESK,
    NOTES,
    OWN,
    RECORDS,
    RIGHT_WORDS,
    WEAK,
)
from batch.sheet.words import normalise, plain, words_of

_SHORTEST_GLUED = 6
_SHORTEST_CONTAINED = 6
_SHORTEST_PREFIX = 4
_SHORTEST_SHORTENED = 6
_MOST_SLIPS = 2
_LONGEST_GLUED = 60
_LONGEST_RUN = 5
_MOST_WORDS = 40


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a header that is not known may mean.

    Attributes:
        fields: order fields; may be empty.
        changes: ways in which it may change what an order is; may be empty.
    """

    fields: tuple[str, ...]
    changes: tuple[str, ...]

    def __str__(self) -> str:
        return " or ".join((*self.fields, *self.changes))


class Judge:
    """Tells suspicious headers from a desk's own.

    Args:
        headers: every header that is known, as it may be written → the field that it means.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._wholes: dict[str, str] = {}
        self._fields_of: dict[str, tuple[str, ...]] = {}
        written: set[str] = set()
        for header, field in headers.items():
            # Nobody is harmed by a note that is taken for another column.
            if field == "note":
                continue
            self._wholes[plain(normalise(header))] = field
            written.update(plain(word) for word in words_of(header))
            words = [_canonical(plain(word)) for word in words_of(header)]
            telling = [w for w in words if w not in FILLERS and w not in WEAK and w not in CHANGES]
            telling = telling or [word for word in words if word in CHANGES]
            own = [word for word in telling if word not in RIGHT_WORDS]
            for word in own or telling:
                fields = self._fields_of.get(word, ())
                if field not in fields:
                    self._fields_of[word] = (*fields, field)
        self._spellings = {word: word for word in self._fields_of if word not in RIGHT_WORDS} | {
            short: word for short, word in CANONICAL.items() if word in self._fields_of
        }
        self._near_headers = _Neighbours({name: _slips(name) for name in self._wholes}, shortest=2)
        self._near_words = _Neighbours(
            {word: _slips_of_a_plain_word(word) for word in (*CHANGES, *CANONICAL)}
            | {word: _slips(word) for word in (*WEAK, *NOTES, *self._fields_of)}
            | {word: _slips(word) for word in written if word in self._spellings}
        )
        self._known_words = frozenset(
            (*self._spellings, *self._fields_of, *CHANGES, *WEAK, *CANONICAL, *RIGHT_WORDS, *NOTES)
        )

    def suspicion(self, header: str) -> Suspicion | None:
        """Say what a header that is not known may mean; None where it is a desk's own."""
        words = _joined([plain(word) for word in words_of(header)])
        if not words or _is_note(words):
            return None
        found = self._by_words(words)
        exact, near = self._known_within(words)
        if not (found or exact or near) and not all(map(self._is_recognised, words)):
            found = self._by_words([part for word in words for part in self._parts(word)])
        fields = exact or _most((*near, *(meaning.field for meaning in found if meaning.field)))
        changes = tuple(dict.fromkeys(meaning.change for meaning in found if meaning.change))
        return Suspicion(fields, changes) if fields or changes else None

    def _by_words(self, words: Sequence[str]) -> list[_Meaning]:
        if _is_note(words):
            return []
        found: list[_Meaning] = []
        canonical = [_canonical(word) for word in words]
        others = frozenset(canonical)
        for word, spelt in zip(canonical, words, strict=True):
            if word.isdigit() or word in FILLERS:
                continue
            fields = self._fields_of.get(word)
            if fields is not None:
                if not _is_name(word, others):
                    found += [_Meaning(field=field) for field in fields]
            elif word in WEAK:
                if not _is_own(word, others):
                    found += _weak_meaning(word)
            elif word in CHANGES:
                if not _is_name(word, others):
                    found.append(_Meaning(change=CHANGES[word]))
            elif spelt not in RIGHT_WORDS:
                found += self._misspelt(spelt, others)
        return found

    def _misspelt(self, word: str, others: frozenset[str]) -> Iterator[_Meaning]:
        """Take a word that nobody knows for a misspelling or a short form."""
        for near in self._near_words.of(word):
            right = _canonical(near)
            if right in self._fields_of:
                for field in self._fields_of[right]:
                    yield _Meaning(field=field)
            elif right in WEAK:
                if not _is_own(right, others - {word}):
                    yield from _weak_meaning(right)
            elif right in CHANGES and not _is_name(right, others):
                yield _Meaning(change=CHANGES[right])

    def _known_within(self, words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
        """Find known headers that stand in this one, or nearly: `TIF 2`, `Ccyy`, `My coId`.

        Returns:
            What the header as a whole is next to; what parts of it are, or are next to.
        """
        named = [word for word in words if not word.isdigit()]
        within = []
        for run in _runs(named):
            name = "".join(run)
            near: Sequence[str] = (name,) if name in self._wholes else ()
            if not near and not all(map(self._is_recognised, run)):
                near = self._near_headers.of(name)
            fields = [self._wholes[known] for known in near]
            if fields and len(run) == len(named):
                return tuple(dict.fromkeys(fields)), []
            within += fields
        for word in words:
            if len(word) > _SHORTEST_CONTAINED and not self._is_recognised(word):
                within += [
                    field
                    for known, field in self._wholes.items()
                    if len(known) >= _SHORTEST_CONTAINED and known in word
                ]
        return (), within

    def _is_recognised(self, word: str) -> bool:
        return word in self._known_words or word in FILLERS or word.isdigit()

    def _is_a_fields(self, word: str) -> bool:
        return any(near in self._spellings for near in self._near_words.of(word))

    def _parts(self, word: str) -> Sequence[str]:
        if not _SHORTEST_GLUED <= len(word) <= _LONGEST_GLUED or word in self._known_words:
            return (word,)
        whole = self._segments(word, 0, {})
        if whole is not None:
            return whole
        for cut in range(3, len(word) - 1):
            first, second = word[:cut], word[cut:]
            for one, other in ((first, second), (second, first)):
                if other in self._known_words and len(one) > 4 and self._is_a_fields(one):
                    return (first, second)
        return (word,)

    def _segments(
        self, word: str, start: int, seen: dict[int, list[str] | None]
    ) -> list[str] | None:
        if start == len(word):
            return []
        if start not in seen:
            seen[start] = None
            for end in range(len(word), start + 1, -1):
                piece = word[start:end]
                is_known = piece in self._known_words and (len(piece) > 2 or piece in ("id", "no"))
                rest = self._segments(word, end, seen) if is_known else None
                if rest is not None:
                    seen[start] = [piece, *rest]
                    break
        return seen[start]


@dataclass(frozen=True, slots=True)
class _Meaning:
    field: str = ""
    change: str = ""


def _runs(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give all runs of neighbouring words."""
    for start in range(min(len(words), _MOST_WORDS)):
        for end in range(start + 1, min(len(words), start + _LONGEST_RUN) + 1):
            yield words[start:end]


def _weak_meaning(word: str) -> list[_Meaning]:
    if word == "date":
        return [_Meaning(change=CHANGES["value"])]
    return [_Meaning(field=field) for field in WEAK[word]]


def _canonical(word: str) -> str:
    return CANONICAL.get(word, word)


def _is_note(words: Sequence[str]) -> bool:
    """Say whether a header is about a comment: its last word that is no number says so."""
    named = [word for word in words if not word.isdigit()]
    return bool(named) and named[-1] in NOTES


def _is_own(weak: str, others: frozenset[str]) -> bool:
    """Say whether the words beside a weak one make it a desk's own: `Desk ID`, `Trade Date`."""
    rest = {w for w in others if w != weak and w not in FILLERS and not w.isdigit()}
    allowed = OWN if weak == "id" else OWN | RECORDS
    if weak in ("date", "time"):
        allowed = allowed | {"order", "deal"}
    elif weak in ("order", "deal"):
        allowed = allowed | {"date", "time"}
    return bool(rest) and rest <= allowed | NOTES


def _is_name(change: str, others: frozenset[str]) -> bool:
    """Say whether a word that changes an order only names something here: `Approved by`."""
    beside = others - {change}
    if beside & NAMES_OF_A_DESK.get(change, frozenset()):
        return True
    return "by" in beside and (change.endswith("ed") or change in ("sent", "held", "done"))


class _Neighbours:
    """Finds the known words that a misspelt or shortened one may have been meant as.

    Args:
        known: words, each with how many slips of the finger still leave it recognisable.
        shortest: how many letters a word must have to be taken for a misspelt one.
    """

    def __init__(self, known: Mapping[str, int], *, shortest: int = 3) -> None:
        self._shortest = shortest
        self._known = [(word, slips) for word, slips in known.items() if slips]
        self._found: dict[str, tuple[str, ...]] = {}

    def of(self, word: str) -> tuple[str, ...]:
        """Give the nearest; empty where none is near."""
        if word not in self._found:
            self._found[word] = self._search(word) if len(word) >= self._shortest else ()
        return self._found[word]

    def _search(self, word: str) -> tuple[str, ...]:
        best: list[str] = []
        least = _MOST_SLIPS
        for known, slips in self._known:
            allowed = min(slips, least)
            distance = DamerauLevenshtein.distance(word, known, score_cutoff=allowed)
            if distance > allowed:
                continue
            if distance < least:
                best, least = [], distance
            best.append(known)
        if best or len(word) < _SHORTEST_PREFIX:
            return tuple(best)
        return tuple(
            known
            for known, _ in self._known
            if len(known) >= _SHORTEST_SHORTENED and known.startswith(word)
        )


def _slips(word: str) -> int:
    return 0 if len(word) < 3 else 1 if len(word) < 6 else _MOST_SLIPS


def _slips_of_a_plain_word(word: str) -> int:
    # Words that anybody uses have too many neighbours among the words that anybody uses.
    return 0 if len(word) < 5 else 1 if len(word) < 8 else _MOST_SLIPS


def _most(fields: Iterable[str]) -> tuple[str, ...]:
    """Give the fields that most words speak for."""
    counts = Counter(fields)
    most = max(counts.values(), default=0)
    return tuple(field for field, count in counts.items() if count == most)


def _joined(words: Sequence[str]) -> list[str]:
    """Write single letters as the abbreviation that they make: `A/C`, `S/L`."""
    joined: list[str] = []
    for word in words:
        if joined and len(word) == len(joined[-1]) == 1:
            both = joined[-1] + word
            if both in CANONICAL or both in CHANGES:
                joined[-1] = both
                continue
        joined.append(word)
    return joined
