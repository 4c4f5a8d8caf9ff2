-- The ledger of publications. A row is written once, by the publisher, and never edited;
-- a later change of state is a row in events. seq is the row's number and its order of publication.
-- marks counts how often a file was marked as lost, damaged or sound again: listings differ then, and no publication came.
-- history names this counting of seq: a catalogue that was restored or made again counts anew, under a new one.
CREATE TABLE ledger (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  seq     BIGINT NOT NULL,
  history TEXT NOT NULL,
  marks   BIGINT NOT NULL DEFAULT 0
);
INSERT INTO ledger (id, seq, history) VALUES (1, 0, lower(hex(randomblob(8))));

-- superseded_by is the number of the publication since which the series has a newer version: the one column that is written later. It follows from the other rows.
-- item is the record as /query answers it, rendered once: an answer of many rows then reads one column a row.
CREATE TABLE files (
  seq            INTEGER PRIMARY KEY,
  file_path      TEXT NOT NULL UNIQUE,
  family         TEXT NOT NULL,
  instrument     TEXT,
  data_level     TEXT,
  descriptor     TEXT,
  start_date     TEXT,
  end_date       TEXT,
  repointing     INTEGER,
  cr             INTEGER,
  version        TEXT,
  major_version  INTEGER,
  minor_version  INTEGER,
  extension      TEXT NOT NULL,
  ingestion_date TEXT NOT NULL,
  size           BIGINT NOT NULL,
  sha256         TEXT NOT NULL,
  superseded_by  BIGINT,
  item           TEXT NOT NULL
);
CREATE INDEX files_by_product ON files (family, instrument, data_level, descriptor, start_date);
CREATE INDEX files_by_ingestion ON files (ingestion_date);
-- Sixteen digits tell files apart as well as all of them do, in a quarter of the room.
CREATE INDEX files_by_digest ON files (substr(sha256, 1, 16));
-- Only what has one is in these, which most files have not.
CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
CREATE INDEX files_by_rotation ON files (cr) WHERE cr IS NOT NULL;

-- What the archive covers, a row for each product, extension and period; '' where a name has no such part, -1 where a version has no such number.
-- digits says what a row sums up: 8 a day, 6 a month, 4 a year, 0 all files of the product, whatever their dates. start_date is that many digits of theirs.
-- series is how many series the files are versions of: each has one file that is the newest. newest is the number of the publication that has the row's version.
CREATE TABLE coverage (
  digits          INTEGER NOT NULL,
  family          TEXT NOT NULL,
  instrument      TEXT NOT NULL,
  data_level      TEXT NOT NULL,
  descriptor      TEXT NOT NULL,
  extension       TEXT NOT NULL,
  start_date      TEXT NOT NULL,
  files           BIGINT NOT NULL,
  series          BIGINT NOT NULL,
  bytes           BIGINT NOT NULL,
  version         TEXT,
  major_version   INTEGER NOT NULL,
  minor_version   INTEGER NOT NULL,
  newest          BIGINT NOT NULL,
  first_ingestion TEXT NOT NULL,
  last_ingestion  TEXT NOT NULL,
  min_size        BIGINT NOT NULL,
  max_size        BIGINT NOT NULL,
  max_days        BIGINT NOT NULL,
  first_seq       BIGINT NOT NULL,
  last_seq        BIGINT NOT NULL,
  PRIMARY KEY (digits, family, instrument, data_level, descriptor, extension, start_date)
) WITHOUT ROWID;

-- What happened to a file, in order: published, adopted (found without a record), lost, damaged, sound (again).
CREATE TABLE events (
  id     INTEGER PRIMARY KEY,
  seq    BIGINT NOT NULL,
  kind   TEXT NOT NULL,
  at     TEXT NOT NULL,
  detail TEXT
);

-- The files whose last event says that their bytes are not there or not right: a handful at most, asked on every download.
CREATE TABLE unsound (
  seq  BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  at   TEXT NOT NULL
);

-- When a file's bytes were last read and found right.
CREATE TABLE verified (
  seq BIGINT PRIMARY KEY,
  at  TEXT NOT NULL
);

-- How far the scrub has come in its present round: every file up to seq has been read.
CREATE TABLE scrub (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  seq  BIGINT NOT NULL
);
INSERT INTO scrub (id, seq) VALUES (1, 0);

-- An upload that was asked for and travels past the server, or in parts. Its moments are Unix milliseconds.
-- state is open, arrived, published, refused, aborted or expired; check_at is the moment before which nobody needs to look at it.
-- leased_by is who works on it, and until leased_until nobody else may. size, part_size, store_id (the store's own name of it) and sha256 (what was promised for the whole file) are of uploads in parts.
-- seq, or code and detail, say how it ended: the publication, or the problem's code and sentence.
CREATE TABLE uploads (
  id           TEXT PRIMARY KEY,
  file_path    TEXT NOT NULL,
  state        TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  check_at     BIGINT NOT NULL,
  leased_by    TEXT,
  leased_until BIGINT NOT NULL DEFAULT 0,
  size         BIGINT,
  part_size    BIGINT,
  sha256       TEXT,
  store_id     TEXT,
  seq          BIGINT,
  code         TEXT,
  detail       TEXT
);
CREATE INDEX uploads_to_do ON uploads (state, check_at);
CREATE INDEX uploads_open ON uploads (created_at, id) WHERE state = 'open';
CREATE INDEX uploads_open_in_parts ON uploads (file_path) WHERE state = 'open' AND part_size IS NOT NULL;

-- Which upload alone may put an object under a key that has no record yet.
CREATE TABLE claims (
  file_path TEXT PRIMARY KEY,
  upload_id TEXT NOT NULL
);

-- The parts of an upload that have come, where the store itself keeps no list of them.
CREATE TABLE upload_parts (
  upload_id TEXT NOT NULL,
  part      BIGINT NOT NULL,
  size      BIGINT NOT NULL,
  tag       TEXT NOT NULL,
  PRIMARY KEY (upload_id, part)
);

-- What all processes of an archive share, such as the key that signs URLs.
CREATE TABLE shared (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Background work that one process does at a time: whose it is, and until when (Unix milliseconds).
CREATE TABLE duties (
  name  TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until BIGINT NOT NULL
);

-- Which versions there are of each product and extension: a row is made by the first file that has it, and never again written. A query for a version that few have is led by it.
-- '' where a name has no such part, -1 where a version has no such number.
CREATE TABLE versions (
  family        TEXT NOT NULL,
  instrument    TEXT NOT NULL,
  data_level    TEXT NOT NULL,
  descriptor    TEXT NOT NULL,
  extension     TEXT NOT NULL,
  version       TEXT NOT NULL,
  major_version INTEGER NOT NULL,
  minor_version INTEGER NOT NULL,
  files         BIGINT NOT NULL,
  PRIMARY KEY (family, instrument, data_level, descriptor, extension, version, major_version, minor_version)
) WITHOUT ROWID;
