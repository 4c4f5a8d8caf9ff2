-- How far the scrub has come in its present round: every file up to seq has been read.
CREATE TABLE scrub (
  id   BIGINT PRIMARY KEY CHECK (id = 1),
  seq  BIGINT NOT NULL
);
INSERT INTO scrub (id, seq) VALUES (1, 0);
