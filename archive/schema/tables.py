"""Tables and indexes of ``archive.db``; rules and notes: see the package."""

FULL_TEXT = """\
CREATE VIRTUAL TABLE texts_fts USING fts5(
  title,
  text,
  content='texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)"""
"""The full-text index; FTS5 reads its arguments itself and takes no comments."""

TABLES = (
    """\
CREATE TABLE sites ( -- One blog that this archive watches.
  id INTEGER PRIMARY KEY, -- Number within this archive, by first run.
  name TEXT NOT NULL UNIQUE, -- The site file's id, as on the command line.
  title TEXT, -- The blog's name, as the newest run's site file spells it.
  start_url TEXT -- The blog's first listing page, as the newest run's site file has it.
) STRICT""",
    """\
CREATE TABLE rules ( -- A site file as some run used it.
  id INTEGER PRIMARY KEY, -- Number within this archive, by first use.
  digest TEXT NOT NULL UNIQUE, -- SHA-256 of the bytes.
  toml BLOB NOT NULL -- The file's bytes; pages of that run are read by these rules for good.
) STRICT""",
    """\
CREATE TABLE runs ( -- One crawl.
  id INTEGER PRIMARY KEY, -- Number within this archive, in the order of the WARC files.
  uid TEXT NOT NULL UNIQUE, -- The run's lasting name.
  site_id INTEGER NOT NULL REFERENCES sites(id), -- The blog that was crawled.
  rules_id INTEGER REFERENCES rules(id), -- The site file that was in force.
  started INTEGER NOT NULL, -- When it began.
  ended INTEGER, -- When it ended in good order; NULL: it is running, or was killed.
  route TEXT NOT NULL, -- 'site', or 'test-route' for a run that never spoke with the real site.
  mode TEXT NOT NULL, -- What kind of crawl was asked for.
  software TEXT NOT NULL, -- Name and version of what crawled.
  user_agent TEXT NOT NULL, -- What it called itself towards the site.
  operator TEXT, -- Who ran it.
  contact TEXT, -- Where the site could reach them.
  config_digest TEXT NOT NULL, -- SHA-256 of the configuration in force.
  robots_exceptions TEXT NOT NULL, -- JSON array: the robots.txt rules that were set aside, openly.
  recovered TEXT NOT NULL, -- JSON array: what an earlier crash had left, and what was done about it.
  stop_reason TEXT, -- Why it ended.
  exit_code INTEGER, -- What it said to the shell.
  is_walk_complete INTEGER, -- 1 when its walk met the listing's end or what an earlier complete walk covers.
  is_day_route_complete INTEGER, -- The same of the permitted route over day pages.
  resume_at TEXT, -- The days at which an unfinished walk goes on, newest first, commas between.
  counts TEXT -- JSON object: what the run itself counted, by name.
) STRICT""",
    """\
CREATE TABLE files ( -- A WARC file of the collection's archive folder.
  id INTEGER PRIMARY KEY, -- Number within this archive, in the order of the serials.
  name TEXT NOT NULL UNIQUE, -- File name.
  run_id INTEGER REFERENCES runs(id), -- The run that wrote it.
  indexed_to INTEGER NOT NULL -- Offset up to which its records are in this index.
) STRICT""",
    """\
CREATE TABLE urls ( -- A URL as it was spelled.
  id INTEGER PRIMARY KEY, -- Number within this archive, by first mention.
  site_id INTEGER NOT NULL REFERENCES sites(id), -- The blog in whose crawl it was met.
  url TEXT NOT NULL, -- The spelling, untouched.
  key TEXT, -- The canonical spelling that look-ups use; NULL where it is the same.
  identity TEXT, -- The identity of the post that it names by the site's rules; NULL: no post.
  UNIQUE (url, site_id)
) STRICT""",
    "CREATE INDEX urls_key ON urls(site_id, key) WHERE key IS NOT NULL",
    "CREATE INDEX urls_identity ON urls(site_id, identity) WHERE identity IS NOT NULL",
    """\
CREATE TABLE exchanges ( -- One request and what came of it, with the places of its records.
  id INTEGER PRIMARY KEY, -- The capture's number within this archive, in WARC order.
  run_id INTEGER NOT NULL REFERENCES runs(id), -- The run that asked.
  sequence INTEGER NOT NULL, -- Which request of the run, counted from its first.
  url_id INTEGER NOT NULL REFERENCES urls(id), -- What was asked for.
  time INTEGER NOT NULL, -- When the request was sent; WARC-Date of its records.
  purpose TEXT NOT NULL, -- Why it was asked for: 'listing', 'post', 'robots', ...
  via TEXT, -- URL of the page that led here.
  payload_digest TEXT, -- SHA-256 of the entity as sent (content-encoding kept, chunk framing removed).
  payload_bytes INTEGER NOT NULL, -- Length of that entity.
  content_type TEXT, -- The Content-Type header.
  etag TEXT, -- The ETag header.
  last_modified TEXT, -- The Last-Modified header.
  location TEXT, -- The Location header.
  truncation TEXT, -- Why the stored body is shorter than the one sent (WARC-Truncated).
  failure TEXT, -- Why there was no answer.
  failure_message TEXT, -- The network's own words for it.
  original_id INTEGER REFERENCES exchanges(id), -- For a revisit: the capture whose record holds the payload.
  outcome TEXT, -- What the page turned out to be: 'ok', 'block-page', 'layout-drift', ...; NULL: not read as a page.
  alarms TEXT, -- JSON array: what the layout expected and the page did not have.
  record_id TEXT NOT NULL, -- WARC-Record-ID of the response or revisit record; of the metadata record for a failure.
  request_offset INTEGER, -- Where the request record begins, in the same file.
  request_length INTEGER, -- Length of its gzip member.
  request_record_id TEXT, -- Its WARC-Record-ID.
  metadata_offset INTEGER NOT NULL, -- Where the metadata record begins, in the same file.
  metadata_length INTEGER NOT NULL, -- Length of its gzip member.
  metadata_record_id TEXT NOT NULL, -- Its WARC-Record-ID.
  UNIQUE (run_id, sequence)
) STRICT""",
    "CREATE INDEX exchanges_payload ON exchanges(payload_digest) WHERE payload_digest IS NOT NULL",
    """\
CREATE TABLE captures ( -- Which record answers for a URL at a time; narrow, for look-ups among millions.
  url_id INTEGER NOT NULL REFERENCES urls(id), -- The URL asked for.
  time INTEGER NOT NULL, -- When.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The capture, with all else about it in exchanges.
  status INTEGER, -- HTTP status; NULL: no answer came.
  kind INTEGER NOT NULL, -- Shape of the record: 1 response, 2 revisit, 3 not-modified, 4 failure.
  file_id INTEGER NOT NULL REFERENCES files(id), -- The WARC file.
  offset INTEGER NOT NULL, -- Where the record's gzip member begins.
  length INTEGER NOT NULL, -- How long that member is.
  PRIMARY KEY (url_id, time, capture_id)
) STRICT, WITHOUT ROWID""",
    """\
CREATE TABLE articles ( -- All that a post's page said but the text: one row per distinct state of it.
  id INTEGER PRIMARY KEY, -- Number within this archive, by first reading.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  digest TEXT NOT NULL, -- SHA-256 over everything in this row, its pictures and its links.
  title TEXT NOT NULL, -- Headline.
  canonical_url TEXT, -- The URL that the page calls its own.
  published INTEGER, -- Time of publication that was chosen among the findings.
  published_offset INTEGER, -- The page's own offset from UTC, in minutes.
  modified INTEGER, -- Time of the last modification that the page states.
  dateline TEXT, -- Place in front of the text.
  category TEXT, -- The site's category.
  language TEXT, -- Language code that the page states.
  is_textless INTEGER NOT NULL, -- 1 for a video, audio or gallery item that has no text.
  authors TEXT NOT NULL, -- JSON array of names, in the order of the page.
  tags TEXT NOT NULL, -- JSON array.
  credit TEXT, -- JSON object: the credit line whole, and its parts.
  corrections TEXT NOT NULL, -- JSON array of correction and clarification notes.
  findings TEXT NOT NULL, -- JSON array of [field, source, value]: what each place of the page said.
  UNIQUE (post_id, digest)
) STRICT""",
    """\
CREATE TABLE media ( -- A picture of a post.
  article_id INTEGER NOT NULL REFERENCES articles(id), -- The state of the page that showed it.
  position INTEGER NOT NULL, -- Its place among the pictures, from 0.
  url TEXT NOT NULL, -- As on the page.
  original TEXT NOT NULL, -- Without the size suffix: the picture in its original size.
  caption TEXT, -- Caption.
  PRIMARY KEY (article_id, position)
) STRICT, WITHOUT ROWID""",
    """\
CREATE TABLE links ( -- A link in a post's text.
  article_id INTEGER NOT NULL REFERENCES articles(id), -- The state of the page that had it.
  position INTEGER NOT NULL, -- Its place among the links, from 0.
  url TEXT NOT NULL, -- Where it leads.
  text TEXT NOT NULL, -- Its words.
  PRIMARY KEY (article_id, position)
) STRICT, WITHOUT ROWID""",
    """\
CREATE TABLE posts ( -- A post with a lasting identity, shown by a source of its blog or asked for.
  id INTEGER PRIMARY KEY, -- Number within this archive, by first mention.
  site_id INTEGER NOT NULL REFERENCES sites(id), -- Its blog.
  identity TEXT NOT NULL, -- The site's own article id, else the canonical URL.
  url_id INTEGER NOT NULL REFERENCES urls(id), -- The spelling by which it was first met.
  is_ours INTEGER NOT NULL, -- 0 while only a sitemap of the whole site names it, and its page no category of this blog.
  state TEXT, -- 'live', 'gone', or 'refused' when its own page never told anything; NULL: never asked for.
  current INTEGER, -- Number of the version that stands; NULL: no text is kept.
  is_opened INTEGER NOT NULL DEFAULT 0, -- 1 when its own page was read at least once.
  article_id INTEGER REFERENCES articles(id), -- What its page said last, but the text.
  canonical_url TEXT, -- The permalink as last known.
  published INTEGER, -- Time of publication as last read.
  counted_to INTEGER, -- Time of the newest capture that was counted for it.
  looked INTEGER, -- Time of the last capture of its own page that told something of it; refusals and failures do not.
  read INTEGER, -- Time of the last whole answer (200) among those.
  changed INTEGER, -- Time of the capture that last showed it edited, gone, back or moved.
  gone_since INTEGER, -- Time of the first 404 or 410 while it is gone.
  is_unlisted INTEGER NOT NULL DEFAULT 0, -- 1 when it was still served though no source of the blog showed it any more.
  is_misled INTEGER NOT NULL DEFAULT 0, -- 1 when the ETag or Last-Modified stood still though the text changed.
  UNIQUE (site_id, identity)
) STRICT""",
    "CREATE INDEX posts_unopened ON posts(site_id) WHERE is_opened = 0",
    """\
CREATE TABLE aliases ( -- A spelling of a post's URL.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  url_id INTEGER NOT NULL REFERENCES urls(id), -- The spelling.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The capture that brought it up first.
  PRIMARY KEY (post_id, url_id)
) STRICT, WITHOUT ROWID""",
    """\
CREATE TABLE texts ( -- A text of a post, once, however often it was served.
  id INTEGER PRIMARY KEY, -- Grows with the time of publication, so that the newest are found first.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  text_hash TEXT NOT NULL, -- SHA-256 over normalised title and paragraphs: the version's lasting name.
  kinds TEXT NOT NULL, -- One letter a paragraph: p paragraph, h heading, i list item, q quote.
  title TEXT NOT NULL, -- Headline.
  text TEXT NOT NULL, -- Paragraphs, with an empty line between.
  UNIQUE (post_id, text_hash)
) STRICT""",
    FULL_TEXT,
    # Terms waiting in memory before FTS5 writes a segment: batches of a rebuild go in one (speed.md section 4).
    "INSERT INTO texts_fts(texts_fts, rank) VALUES ('hashsize', 33554432)",
    """\
CREATE TABLE readings ( -- What one extractor read from one capture about one post.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The capture: the post's page, or a listing with its text.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  extractor TEXT NOT NULL, -- Name, version and layout of what read it.
  is_first INTEGER NOT NULL, -- 1 for the reading by which the capture was counted, 0 for a later extractor's.
  origin TEXT NOT NULL, -- 'permalink', or 'from listing' when the text stood on a listing page.
  text_id INTEGER NOT NULL REFERENCES texts(id), -- The text that was read.
  article_id INTEGER NOT NULL REFERENCES articles(id), -- All else that was read.
  alarms TEXT, -- JSON array: what the layout expected and the page did not have; such a reading makes no version.
  PRIMARY KEY (capture_id, post_id, extractor)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX readings_post ON readings(post_id)",
    """\
CREATE TABLE versions ( -- A distinct text that a post had.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  number INTEGER NOT NULL, -- For display, 1 is the oldest; the lasting name is the text's hash.
  text_id INTEGER NOT NULL UNIQUE REFERENCES texts(id), -- The text.
  article_id INTEGER NOT NULL REFERENCES articles(id), -- All else, as it stood when the text was first served.
  origin TEXT NOT NULL, -- 'permalink', or 'from listing' when it was first read from a listing page.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The first capture that had it.
  last_capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The last capture that had it.
  PRIMARY KEY (post_id, number)
) STRICT, WITHOUT ROWID""",
    """\
CREATE TABLE events ( -- What one capture changed about one post.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  time INTEGER NOT NULL, -- Time of the capture.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The capture that proves it.
  ordinal INTEGER NOT NULL, -- Order among the events of one capture, from 0.
  kind TEXT NOT NULL, -- seen, version-added, version-restored, unchanged, gone, returned, moved, unlisted or rejected.
  text_hash TEXT, -- version-added, version-restored: the text.
  is_edit INTEGER, -- version-added: 1 when it replaces another text of the same origin, 0 for a first text.
  is_title_changed INTEGER, -- version-added: 1 when the headline changed.
  is_silent INTEGER, -- version-added: 1 when the stated modification time did not move.
  status INTEGER, -- gone: 404 or 410.
  before TEXT, -- moved: the canonical URL before.
  after TEXT, -- moved: the canonical URL after.
  reason TEXT, -- rejected: why the capture says nothing about the post.
  PRIMARY KEY (post_id, time, capture_id, ordinal)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX events_capture ON events(capture_id)",
    """\
CREATE TABLE sightings ( -- A post shown by a source of its blog: listing, day page or feed.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The capture of that page.
  position INTEGER NOT NULL, -- Place on the page, from 0.
  post_id INTEGER NOT NULL REFERENCES posts(id), -- The post.
  url_id INTEGER NOT NULL REFERENCES urls(id), -- The spelling shown.
  title TEXT, -- The headline shown.
  published INTEGER, -- The time of publication shown.
  has_text INTEGER NOT NULL, -- 1 when the page showed the post's text too.
  PRIMARY KEY (capture_id, position)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX sightings_post ON sightings(post_id, capture_id)",
    """\
CREATE TABLE candidates ( -- An article named by a sitemap of the whole site, which does not say whose it is.
  site_id INTEGER NOT NULL REFERENCES sites(id), -- The blog in whose crawl the sitemap was read.
  identity TEXT NOT NULL, -- The article's identity.
  url TEXT NOT NULL, -- As the sitemap spells it.
  modified INTEGER, -- The newest lastmod that a sitemap gave.
  capture_id INTEGER NOT NULL REFERENCES exchanges(id), -- The sitemap's capture that gave that, or named it first.
  PRIMARY KEY (site_id, identity)
) STRICT, WITHOUT ROWID""",
    """\
CREATE TABLE omissions ( -- Something not asked for, not taken, or lost, and why.
  id INTEGER PRIMARY KEY, -- Number within this archive, in WARC order.
  run_id INTEGER NOT NULL REFERENCES runs(id), -- The run.
  url TEXT NOT NULL, -- What it is about.
  kind TEXT NOT NULL, -- 'robots', 'foreign-host', 'limit', 'lost', ...
  reason TEXT NOT NULL, -- In words.
  time INTEGER NOT NULL, -- When.
  via TEXT, -- URL of the page that led there.
  file_id INTEGER NOT NULL REFERENCES files(id), -- The WARC file with its record.
  offset INTEGER NOT NULL, -- Where that record begins.
  length INTEGER NOT NULL, -- Length of its gzip member.
  record_id TEXT NOT NULL -- Its WARC-Record-ID.
) STRICT""",
    "CREATE INDEX omissions_run ON omissions(run_id)",
)
"""Tables and indexes of the first release, in an order in which they can be made."""

PAGES = (
    """\
CREATE TABLE pages ( -- A capture of a page together with all that it needs to look as it did.
  id INTEGER PRIMARY KEY, -- Number within this archive, in WARC order.
  capture_id INTEGER REFERENCES exchanges(id), -- The capture of the page; NULL: its records are not in the archive.
  run_id INTEGER NOT NULL REFERENCES runs(id), -- The run that gathered its requisites.
  time INTEGER NOT NULL, -- When the last of them was settled.
  file_id INTEGER NOT NULL REFERENCES files(id), -- The WARC file with the page record.
  offset INTEGER NOT NULL, -- Where that record begins.
  length INTEGER NOT NULL, -- Length of its gzip member.
  record_id TEXT NOT NULL -- Its WARC-Record-ID.
) STRICT""",
    "CREATE INDEX pages_capture ON pages(capture_id)",
    """\
CREATE TABLE page_members ( -- A capture that a page needs to look as it did: picture, style, font, script, ...
  page_id INTEGER NOT NULL REFERENCES pages(id), -- The page.
  position INTEGER NOT NULL, -- Its place in the page record, from 0.
  role TEXT NOT NULL, -- What it is to the page: 'style', 'font', 'image', 'original', 'script', 'icon', ...
  capture_id INTEGER REFERENCES exchanges(id), -- The capture; NULL: its records are not in the archive.
  missing TEXT, -- Where capture_id is NULL: run, sequence, record id and URL of what is missing.
  PRIMARY KEY (page_id, position)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX page_members_capture ON page_members(capture_id)",
    """\
CREATE TABLE page_omissions ( -- Something that a page names and that is not kept for it, and why.
  page_id INTEGER NOT NULL REFERENCES pages(id), -- The page.
  position INTEGER NOT NULL, -- Its place in the page record, from 0.
  role TEXT NOT NULL, -- What it would be to the page.
  kind TEXT NOT NULL, -- 'foreign-host', 'robots', 'limit', 'unwanted', ...
  url TEXT NOT NULL, -- What it is about.
  reason TEXT NOT NULL, -- In words.
  PRIMARY KEY (page_id, position)
) STRICT, WITHOUT ROWID""",
)
"""Tables of pages with their requisites."""

SURTS = (
    """\
CREATE TABLE surts ( -- URLs turned round, for look-ups by host, domain and prefix.
  surt TEXT NOT NULL, -- The URL as the package surt writes it: 'org,rferl)/a/1.html'.
  url_id INTEGER NOT NULL REFERENCES urls(id), -- The URL.
  PRIMARY KEY (surt, url_id)
) STRICT, WITHOUT ROWID""",
)
"""Tables of look-ups by SURT."""
