"""Views of ``archive.db`` for people: times spelled out, numbers turned into names."""

import re

# What the capitals in the statements below stand for.
_MEANINGS = {
    "MICROSECONDS": r"strftime('%Y-%m-%dT%H:%M:%S', \1 / 1000000, 'unixepoch') || printf('.%06dZ', \1 % 1000000)",
    "SECONDS": r"strftime('%Y-%m-%dT%H:%M:%SZ', \1 / 1000000, 'unixepoch')",
    "KIND": r"CASE \1 WHEN 1 THEN 'response' WHEN 2 THEN 'revisit' WHEN 3 THEN 'not-modified' ELSE 'failure' END",
}

# What is joined, every question has to look up, even one that only counts; a subquery is looked up where its column is
# asked for. So views join what people search by, and fetch the rest.
_STANDS = "FROM versions v {} WHERE v.post_id = p.id AND v.number = p.current"
_VIEWS = (
    f"""\
CREATE VIEW posts_current AS SELECT -- Each post of which a text is kept, as it stood when last read.
  p.id AS post_id, -- Number within this archive.
  s.name AS site, -- The blog.
  p.identity AS identity, -- The post's lasting name.
  (SELECT a.title FROM articles a WHERE a.id = p.article_id) AS title, -- Headline.
  coalesce(p.canonical_url, (SELECT u.url FROM urls u WHERE u.id = p.url_id)) AS url, -- Permalink.
  SECONDS(p.published) AS published, -- Time of publication, UTC.
  (SELECT SECONDS(a.modified) FROM articles a WHERE a.id = p.article_id)
    AS modified, -- Stated time of the last modification, UTC.
  (SELECT a.authors FROM articles a WHERE a.id = p.article_id) AS authors, -- JSON array of names.
  (SELECT a.category FROM articles a WHERE a.id = p.article_id) AS category, -- The site's category.
  (SELECT a.language FROM articles a WHERE a.id = p.article_id) AS language, -- Language code.
  p.state AS state, -- 'live', 'gone' or 'refused'.
  p.gone_since IS NOT NULL AND p.looked - p.gone_since >= 43200000000
    AS is_confirmed_gone, -- 1 when another night's look found it gone too.
  p.is_unlisted AS is_unlisted, -- 1 when it is served though no source of the blog shows it any more.
  (SELECT v.origin {_STANDS.format("")}) AS origin, -- 'permalink' or 'from listing'.
  p.current AS version, -- Number of the version that stands.
  (SELECT count(*) FROM versions n WHERE n.post_id = p.id) AS versions, -- How many texts it had.
  (SELECT t.text_hash {_STANDS.format("JOIN texts t ON t.id = v.text_id")})
    AS text_hash, -- Lasting name of the version that stands.
  (SELECT MICROSECONDS(f.time) {_STANDS.format("JOIN exchanges f ON f.id = v.capture_id")})
    AS first_captured, -- First capture of that text, UTC.
  (SELECT MICROSECONDS(l.time) {_STANDS.format("JOIN exchanges l ON l.id = v.last_capture_id")})
    AS last_captured, -- Last capture of that text, UTC.
  (SELECT t.text {_STANDS.format("JOIN texts t ON t.id = v.text_id")})
    AS text, -- The text, paragraphs with an empty line between.
  (SELECT json_extract(a.credit, '$.service') FROM articles a WHERE a.id = p.article_id)
    AS service -- The service that the credit line names.
FROM posts p JOIN sites s ON s.id = p.site_id
WHERE p.is_ours = 1 AND p.current IS NOT NULL""",  # noqa: S608  ours, above
    """\
CREATE VIEW post_versions AS SELECT -- Each text that each post had.
  v.post_id AS post_id, -- Number of the post within this archive.
  s.name AS site, -- The blog.
  p.identity AS identity, -- The post's lasting name.
  v.number AS version, -- 1 is the oldest.
  v.number = p.current AS is_current, -- 1 for the text that stands.
  (SELECT t.text_hash FROM texts t WHERE t.id = v.text_id) AS text_hash, -- The version's lasting name.
  v.origin AS origin, -- 'permalink' or 'from listing'.
  (SELECT MICROSECONDS(f.time) FROM exchanges f WHERE f.id = v.capture_id)
    AS first_captured, -- First capture of that text, UTC.
  (SELECT MICROSECONDS(l.time) FROM exchanges l WHERE l.id = v.last_capture_id)
    AS last_captured, -- Last capture of that text, UTC.
  v.capture_id AS capture_id, -- The first capture; see captures_readable.
  (SELECT SECONDS(a.modified) FROM articles a WHERE a.id = v.article_id)
    AS modified, -- Stated time of the last modification, UTC.
  (SELECT t.title FROM texts t WHERE t.id = v.text_id) AS title, -- Headline.
  (SELECT t.text FROM texts t WHERE t.id = v.text_id) AS text -- The text.
FROM versions v JOIN posts p ON p.id = v.post_id JOIN sites s ON s.id = p.site_id""",
    """\
CREATE VIEW post_events AS SELECT -- What changed, when, and which capture proves it.
  e.post_id AS post_id, -- Number of the post within this archive.
  s.name AS site, -- The blog.
  p.identity AS identity, -- The post's lasting name.
  MICROSECONDS(e.time) AS time, -- Time of the capture, UTC.
  e.kind AS kind, -- What happened.
  e.text_hash AS text_hash, -- The text, where one came or came back.
  e.is_edit AS is_edit, -- 1 when a text replaced another.
  e.is_title_changed AS is_title_changed, -- 1 when the headline changed.
  e.is_silent AS is_silent, -- 1 when the stated modification time did not move.
  coalesce(e.reason, e.before || ' -> ' || e.after, e.status) AS detail, -- In words.
  e.capture_id AS capture_id -- The proof; see captures_readable.
FROM events e JOIN posts p ON p.id = e.post_id JOIN sites s ON s.id = p.site_id""",
    """\
CREATE VIEW captures_readable AS SELECT -- Each capture, with its words spelled out and the place of its bytes.
  x.id AS capture_id, -- Number within this archive.
  s.name AS site, -- The blog.
  r.uid AS run, -- The run that asked.
  r.route AS route, -- 'site', or 'test-route': never the real site.
  x.sequence AS sequence, -- Which request of the run.
  MICROSECONDS(x.time) AS time, -- When it was asked for, UTC.
  x.purpose AS purpose, -- Why it was asked for.
  u.url AS url, -- What was asked for.
  u.identity AS identity, -- The post that the URL names.
  c.status AS status, -- HTTP status.
  KIND(c.kind) AS kind, -- Shape of the record.
  x.outcome AS outcome, -- What the page turned out to be.
  x.payload_digest AS payload_digest, -- SHA-256 of the entity as sent.
  x.payload_bytes AS payload_bytes, -- Its length.
  x.content_type AS content_type, -- The Content-Type header.
  coalesce(x.failure || ': ' || x.failure_message, x.truncation) AS trouble, -- Why there was no whole answer.
  f.name AS file, -- WARC file.
  c.offset AS offset, -- Where the record's gzip member begins.
  c.length AS length, -- How long it is.
  x.record_id AS record_id -- WARC-Record-ID.
FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
JOIN urls u ON u.id = x.url_id JOIN runs r ON r.id = x.run_id JOIN sites s ON s.id = r.site_id
JOIN files f ON f.id = c.file_id""",
    """\
CREATE VIEW gaps AS SELECT -- Each post that a source of its blog showed and whose own page the archive does not hold.
  p.id AS post_id, -- Number within this archive.
  s.name AS site, -- The blog.
  p.identity AS identity, -- The post's lasting name.
  u.url AS url, -- The spelling by which it was first met.
  p.current IS NOT NULL AS has_listing_text, -- 1 when at least the listing's text is kept.
  coalesce(CASE WHEN p.state IS NULL THEN (
      SELECT o.kind || ': ' || o.reason FROM omissions o JOIN aliases l ON l.post_id = p.id
      JOIN urls w ON w.id = l.url_id AND w.url = o.url ORDER BY o.id DESC LIMIT 1)
    ELSE (SELECT coalesce(e.reason, e.kind || ' (' || e.status || ')') FROM events e
      WHERE e.post_id = p.id AND e.kind IN ('rejected', 'gone') ORDER BY e.time DESC, e.capture_id DESC LIMIT 1)
    END, 'not asked for yet') AS reason, -- Why.
  MICROSECONDS(x.time) AS last_seen -- When a source showed it last, UTC.
FROM posts p JOIN sites s ON s.id = p.site_id JOIN urls u ON u.id = p.url_id
JOIN exchanges x ON x.id = (SELECT max(g.capture_id) FROM sightings g WHERE g.post_id = p.id)
WHERE p.is_opened = 0""",
)


def spelled(statement: str) -> str:
    """Write out ``MICROSECONDS(…)``, ``SECONDS(…)`` and ``KIND(…)`` of a statement."""
    for word, meaning in _MEANINGS.items():
        statement = re.sub(rf"\b{word}\(([\w.]+)\)", meaning, statement)
    return statement


VIEWS = tuple(spelled(statement) for statement in _VIEWS)
"""Views, in an order in which they can be made."""

PUBLISHED = spelled(
    "CREATE INDEX posts_published ON posts(SECONDS(published), site_id) WHERE is_ours = 1 AND current IS NOT NULL"
)
"""The index by which ``posts_current`` is put in order of publication, and counted."""

_OF_POSTS = (
    """\
CREATE VIEW captures_of_post AS SELECT -- Each capture of a post's own page, under whatever spelling of its address.
  p.id AS post_id, -- Number of the post within this archive.
  s.name AS site, -- The blog.
  p.identity AS identity, -- The post's lasting name.
  c.capture_id AS capture_id, -- Number of the capture within this archive.
  MICROSECONDS(c.time) AS time, -- When it was asked for, UTC.
  u.url AS url, -- The spelling that was asked for.
  c.status AS status, -- HTTP status.
  KIND(c.kind) AS kind, -- Shape of the record.
  (SELECT x.outcome FROM exchanges x WHERE x.id = c.capture_id) AS outcome, -- What the page turned out to be.
  (SELECT v.number FROM readings d JOIN versions v ON v.post_id = d.post_id AND v.text_id = d.text_id
    WHERE d.capture_id = c.capture_id AND d.post_id = p.id AND d.is_first = 1)
    AS version, -- Number of the version whose text was read from it; NULL: none was.
  (SELECT x.payload_digest FROM exchanges x WHERE x.id = c.capture_id)
    AS payload_digest, -- SHA-256 of the entity as sent.
  (SELECT f.name FROM files f WHERE f.id = c.file_id) AS file, -- WARC file.
  c.offset AS offset, -- Where the record's gzip member begins.
  c.length AS length, -- How long it is.
  (SELECT x.record_id FROM exchanges x WHERE x.id = c.capture_id) AS record_id -- WARC-Record-ID.
FROM posts p JOIN sites s ON s.id = p.site_id JOIN urls u ON u.site_id = p.site_id AND u.identity = p.identity
JOIN captures c ON c.url_id = u.id""",
    """\
CREATE VIEW coverage AS SELECT -- Each day on which captures were made; of a day that is missing nothing is known.
  s.name AS site, -- The blog.
  strftime('%Y-%m-%d', x.time / 1000000, 'unixepoch') AS day, -- The day, UTC.
  count(*) AS captures, -- Requests that were made and kept.
  sum(x.failure IS NOT NULL) AS failures, -- Those without a whole answer.
  count(DISTINCT r.id) AS runs -- Runs that made them; imports are left out.
FROM exchanges x JOIN runs r ON r.id = x.run_id JOIN sites s ON s.id = r.site_id
WHERE r.route <> 'import' GROUP BY 1, 2""",
)

OF_POSTS = tuple(spelled(statement) for statement in _OF_POSTS)
"""Views that came after the first ones."""
