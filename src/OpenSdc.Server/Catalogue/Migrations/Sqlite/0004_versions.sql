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
  PRIMARY KEY (family, instrument, data_level, descriptor, extension, version, major_version, minor_version)
) WITHOUT ROWID;
INSERT INTO versions SELECT DISTINCT family, COALESCE(instrument, ''), COALESCE(data_level, ''), COALESCE(descriptor, ''), extension,
  COALESCE(version, ''), COALESCE(major_version, -1), COALESCE(minor_version, -1) FROM files;
