-- The ledger: one counter. Every change of what anybody can see takes the next seq in the transaction that makes it, so that changes have no gaps.
-- history names this counting of seq: a catalogue that was restored or made again counts anew, under a new one. marked is the newest change that marked a file as lost, damaged
-- or sound again. public_seq and public_marked are the newest of those that the public could see. team_revised and public_revised are the newest change that hid a file which the
-- audience had seen: of what it sees since then the rows alone tell, and of what it saw before also earlier_intervals. products is the number of products: a reader whose copy has fewer reads the others first. ingested is the newest ingestion date, which never runs backwards.
CREATE TABLE ledger (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  seq      BIGINT NOT NULL,
  history  TEXT NOT NULL,
  marked   BIGINT NOT NULL DEFAULT 0,
  public_seq     BIGINT NOT NULL DEFAULT 0,
  public_marked  BIGINT NOT NULL DEFAULT 0,
  team_revised   BIGINT NOT NULL DEFAULT 0,
  public_revised BIGINT NOT NULL DEFAULT 0,
  products BIGINT NOT NULL DEFAULT 0,
  ingested TEXT NOT NULL DEFAULT ''
);
INSERT INTO ledger (id, seq, history) VALUES (1, 0, lower(hex(randomblob(8))));

-- The mission files by which names are read: the one of the first start, and each that was accepted after it. The newest counts.
CREATE TABLE missions (
  number   INTEGER PRIMARY KEY,
  at       TEXT NOT NULL,
  built_in BIGINT NOT NULL,
  text     TEXT NOT NULL
);

-- Every change in order: published, adopted (found without a record), lost, damaged, sound (again), released, unreleased, withdrawn, restored, purged. file is the seq of the
-- file's publication; who made the change is null where the archive did.
CREATE TABLE changes (
  seq    INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,
  file   BIGINT NOT NULL,
  at     TEXT NOT NULL,
  who    TEXT,
  detail TEXT
);
-- What happened to a file after its publication: few rows beside those.
CREATE INDEX changes_of_files ON changes (file) WHERE seq <> file;

-- What files have in common that a query names by words: hundreds to thousands of rows. '' where a name has no such part. own holds the words of the mission's own fields. max_days is how many days the longest file goes on after its first.
CREATE TABLE products (
  id         INTEGER PRIMARY KEY,
  family     TEXT NOT NULL,
  instrument TEXT NOT NULL,
  data_level TEXT NOT NULL,
  descriptor TEXT NOT NULL,
  extension  TEXT NOT NULL,
  own        TEXT NOT NULL,
  max_days   BIGINT NOT NULL DEFAULT 0,
  UNIQUE (family, instrument, data_level, descriptor, extension, own)
);

-- A row is written once, by the publisher; its seq is the change that published it.
-- start_date is '' where the name has none. series is what all versions of one file share. version_order sorts as the versions do. counted_major is the major version, 1 where the name
-- has none, of names whose convention lists only the highest by default.
-- superseded_by and outdated_by are notes: the change since which the series has a newer version, and a higher major, among what the team sees. They follow from the other rows, as
-- "sdc fsck" checks. A file that is not seen has none.
-- team_from and team_to are the changes from which and before which the team sees the file, for the last time; team_to is null while it does. public_from, public_to and the two
-- notes with public_ say the same of the public, and is_public whether it sees the file now; the indexes of pages end with it, so that what is left out costs no row.
-- item is the record as /query answers it, rendered once: an answer of many rows then reads one column a row.
CREATE TABLE files (
  seq            INTEGER PRIMARY KEY,
  product        BIGINT NOT NULL,
  file_path      TEXT NOT NULL UNIQUE,
  start_date     TEXT NOT NULL,
  end_date       TEXT,
  repointing     BIGINT,
  cr             BIGINT,
  series         TEXT NOT NULL,
  version        TEXT,
  major_version  BIGINT,
  minor_version  BIGINT,
  version_order  TEXT NOT NULL,
  counted_major  BIGINT,
  ingestion_date TEXT NOT NULL,
  size           BIGINT NOT NULL,
  sha256         TEXT NOT NULL,
  superseded_by  BIGINT,
  outdated_by    BIGINT,
  team_from      BIGINT NOT NULL,
  team_to        BIGINT,
  is_public      BIGINT NOT NULL,
  public_from    BIGINT,
  public_to      BIGINT,
  public_superseded_by BIGINT,
  public_outdated_by   BIGINT,
  item           TEXT NOT NULL
);
-- One for each order in which a page can be asked for.
CREATE INDEX files_by_path ON files (product, file_path, is_public);
CREATE INDEX files_by_start ON files (product, start_date, seq, is_public);
CREATE INDEX files_by_version ON files (product, version_order, seq, is_public);
CREATE INDEX files_by_size ON files (product, size, seq, is_public);
CREATE INDEX files_by_seq ON files (product, seq, is_public);
CREATE INDEX files_by_series ON files (series, version_order, counted_major);
-- Sixteen digits tell files apart as well as all of them do, in a quarter of the room.
CREATE INDEX files_by_digest ON files (substr(sha256, 1, 16));
-- Only what has one is in these, which most files have not.
CREATE INDEX files_by_repointing ON files (repointing) WHERE repointing IS NOT NULL;
CREATE INDEX files_outdated ON files (product, start_date, outdated_by) WHERE outdated_by IS NOT NULL;
CREATE INDEX files_public_outdated ON files (product, start_date, public_outdated_by) WHERE public_outdated_by IS NOT NULL;
-- What was seen later than it was published.
CREATE INDEX files_late ON files (team_from) WHERE team_from <> seq;
CREATE INDEX files_public_late ON files (public_from) WHERE public_from <> seq;
CREATE INDEX files_by_rotation ON files (cr) WHERE cr IS NOT NULL;

-- When files were seen before the last time: by the team (audience 0) or the public (1), from one change until before another.
CREATE TABLE earlier_intervals (
  file     BIGINT NOT NULL,
  audience BIGINT NOT NULL,
  from_seq BIGINT NOT NULL,
  to_seq   BIGINT NOT NULL,
  PRIMARY KEY (file, audience, from_seq)
) WITHOUT ROWID;

-- The files that were withdrawn and not restored: by which change, when, by whom, why, and the path of the file that stands for it. purge_token is what the first
-- order to purge answered, and the second must repeat; purged is when the bytes were removed.
CREATE TABLE withdrawals (
  file        BIGINT PRIMARY KEY,
  seq         BIGINT NOT NULL,
  at          TEXT NOT NULL,
  who         TEXT,
  reason      TEXT NOT NULL,
  successor   TEXT,
  purge_token TEXT,
  purged      TEXT
);

-- What names say in fields of the mission's own that are not words of the product.
CREATE TABLE own_values (
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  seq   BIGINT NOT NULL,
  PRIMARY KEY (field, value, seq)
) WITHOUT ROWID;

-- What the archive covers, a row for each audience (0 the team, 1 the public), product and period. digits says how long a period is: 8 a day, 6 a month, 4 a year; period is that many digits of the start date, '' for files without one.
-- latest is how many of the files are the newest of their series. version, version_order and newest are of the newest version, and the change that published it.
CREATE TABLE coverage (
  audience        BIGINT NOT NULL,
  product         BIGINT NOT NULL,
  digits          BIGINT NOT NULL,
  period          TEXT NOT NULL,
  files           BIGINT NOT NULL,
  latest          BIGINT NOT NULL,
  bytes           BIGINT NOT NULL,
  version         TEXT,
  version_order   TEXT NOT NULL,
  newest          BIGINT NOT NULL,
  first_ingestion TEXT NOT NULL,
  last_ingestion  TEXT NOT NULL,
  PRIMARY KEY (audience, product, digits, period)
) WITHOUT ROWID;

-- The files whose last change says that their bytes are not there or not right: a handful at most, asked on every download.
CREATE TABLE corrupt_or_missing (
  seq  BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  at   TEXT NOT NULL
);

-- When a file's bytes were last read and found right.
CREATE TABLE verified (
  seq BIGINT PRIMARY KEY,
  at  TEXT NOT NULL
);

-- How far the scrub has come in its present round: every file up to seq has been read. began is when that round did, ended when the last whole one did.
CREATE TABLE scrub (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  seq  BIGINT NOT NULL,
  began TEXT,
  ended TEXT
);
INSERT INTO scrub (id, seq) VALUES (1, 0);

-- A direct or multipart upload that was asked for. Its moments are Unix milliseconds.
-- state is open, arrived, published, refused, aborted or expired; check_at is the moment before which nobody needs to look at it.
-- leased_by is who works on it, and until leased_until nobody else may. size, part_size, store_id (the store's own name of it) and sha256 (what was promised for the whole file) are of uploads in parts.
-- owner is the name of the caller who asked for it, client his address, and request the id of his request. seq, or code and detail, say how it ended: the publication, or the problem's code and sentence.
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
  detail       TEXT,
  owner        TEXT NOT NULL,
  client       TEXT NOT NULL DEFAULT '',
  request      TEXT NOT NULL DEFAULT ''
);
CREATE INDEX uploads_to_do ON uploads (state, check_at);
CREATE INDEX uploads_open ON uploads (created_at, id) WHERE state = 'open';
CREATE INDEX uploads_open_in_parts ON uploads (file_path) WHERE state = 'open' AND part_size IS NOT NULL;

-- Which upload alone may put an object under a key that has no record yet. A claim of a recorded upload lasts until that has its end; one of an upload through the server
-- until leased_until, in Unix milliseconds, when nobody renews it: then its process has died or stands still, and another may take the claim.
CREATE TABLE claims (
  file_path    TEXT PRIMARY KEY,
  upload_id    TEXT NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 9223372036854775807
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
CREATE TABLE leaders (
  name  TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  until BIGINT NOT NULL
);

-- The audit: who did what. Rows are only ever added at the end; each has a hash over itself and the row before. Moments never run backwards, so that days are ranges of numbers.
CREATE TABLE audit (
  number  INTEGER PRIMARY KEY,
  at      TEXT NOT NULL,
  action  TEXT NOT NULL,
  caller  TEXT NOT NULL,
  client  TEXT NOT NULL,
  request TEXT NOT NULL,
  target  TEXT NOT NULL,
  status  BIGINT NOT NULL,
  count   BIGINT NOT NULL,
  detail  TEXT NOT NULL,
  hash    TEXT NOT NULL
);

-- The newest row of the audit, which whoever appends takes first, and the newest that was dropped from the front.
CREATE TABLE audit_head (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  number       BIGINT NOT NULL,
  hash         TEXT NOT NULL,
  at           TEXT NOT NULL,
  dropped      BIGINT NOT NULL,
  dropped_hash TEXT NOT NULL
);
INSERT INTO audit_head (id, number, hash, at, dropped, dropped_hash) VALUES
  (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', '', 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- API keys. hash is the SHA-256 of a key's text, which is stored nowhere. scopes is a sum: 1 read, 2 upload, 4 release, 8 admin; limits is a JSON object: which values of which fields a file that is uploaded may
-- have. Moments are Unix milliseconds. A revoked key keeps its row.
CREATE TABLE api_keys (
  id           TEXT PRIMARY KEY,
  hash         TEXT NOT NULL UNIQUE,
  owner        TEXT NOT NULL,
  scopes       BIGINT NOT NULL,
  limits       TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT,
  revoked_at   BIGINT,
  last_used_at BIGINT
);
