-- Which versions there are of each product and extension: a row is made by the first file that has it, and never again written. A query for a version that few have is led by it.
-- '' where a name has no such part, -1 where a version has no such number.
CREATE TABLE versions (
  family        TEXT COLLATE "C" NOT NULL,
  instrument    TEXT COLLATE "C" NOT NULL,
  data_level    TEXT COLLATE "C" NOT NULL,
  descriptor    TEXT COLLATE "C" NOT NULL,
  extension     TEXT COLLATE "C" NOT NULL,
  version       TEXT COLLATE "C" NOT NULL,
  major_version BIGINT NOT NULL,
  minor_version BIGINT NOT NULL,
  PRIMARY KEY (family, instrument, data_level, descriptor, extension, version, major_version, minor_version)
);
INSERT INTO versions SELECT DISTINCT family, COALESCE(instrument, ''), COALESCE(data_level, ''), COALESCE(descriptor, ''), extension,
  COALESCE(version, ''), COALESCE(major_version, -1), COALESCE(minor_version, -1) FROM files;
