-- An upload that was asked for and travels past the server, or in parts. Its moments are Unix milliseconds.
-- state is open, arrived, published, refused, aborted or expired; check_at is the moment before which nobody needs to look at it.
-- leased_by is who works on it, and until leased_until nobody else may. size, part_size and store_id (the store's own name of it) are of uploads in parts.
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
  store_id     TEXT,
  seq          BIGINT,
  code         TEXT,
  detail       TEXT
);
CREATE INDEX uploads_to_do ON uploads (state, check_at);

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
