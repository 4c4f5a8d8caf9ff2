-- How far the files of a row of coverage reach: their least and greatest size, how many days the longest of them goes on after its first, and the numbers of the first and the
-- last of them. A page in an order other than that of paths, a query for what overlaps some days, and the count of what is new are led by them to the few files that can be meant.
ALTER TABLE coverage ADD COLUMN min_size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE coverage ADD COLUMN max_size BIGINT NOT NULL DEFAULT 0;
ALTER TABLE coverage ADD COLUMN max_days BIGINT NOT NULL DEFAULT 0;
ALTER TABLE coverage ADD COLUMN first_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE coverage ADD COLUMN last_seq BIGINT NOT NULL DEFAULT 0;

UPDATE coverage SET min_size = f.min_size, max_size = f.max_size, max_days = f.max_days, first_seq = f.first_seq, last_seq = f.last_seq
FROM (
  SELECT family, COALESCE(instrument, '') AS instrument, COALESCE(data_level, '') AS data_level, COALESCE(descriptor, '') AS descriptor, extension,
    COALESCE(start_date, '') AS start_date, MIN(size) AS min_size, MAX(size) AS max_size, MIN(seq) AS first_seq, MAX(seq) AS last_seq,
    COALESCE(MAX(CASE WHEN end_date > start_date THEN to_date(end_date, 'YYYYMMDD') - to_date(start_date, 'YYYYMMDD') END), 0) AS max_days
  FROM files GROUP BY 1, 2, 3, 4, 5, 6
) AS f
WHERE coverage.digits = 8 AND coverage.family = f.family AND coverage.instrument = f.instrument AND coverage.data_level = f.data_level
  AND coverage.descriptor = f.descriptor AND coverage.extension = f.extension AND coverage.start_date = f.start_date;

-- The longer periods from the days.
UPDATE coverage SET min_size = f.min_size, max_size = f.max_size, max_days = f.max_days, first_seq = f.first_seq, last_seq = f.last_seq
FROM (
  SELECT period.digits AS digits, family, instrument, data_level, descriptor, extension, substr(start_date, 1, period.digits) AS start_date,
    MIN(min_size) AS min_size, MAX(max_size) AS max_size, MAX(max_days) AS max_days, MIN(first_seq) AS first_seq, MAX(last_seq) AS last_seq
  FROM coverage AS day CROSS JOIN (SELECT 6 AS digits UNION ALL SELECT 4 UNION ALL SELECT 0) AS period
  WHERE day.digits = 8 GROUP BY 1, 2, 3, 4, 5, 6, 7
) AS f
WHERE coverage.digits = f.digits AND coverage.family = f.family AND coverage.instrument = f.instrument AND coverage.data_level = f.data_level
  AND coverage.descriptor = f.descriptor AND coverage.extension = f.extension AND coverage.start_date = f.start_date;

-- How many files have a version.
ALTER TABLE versions ADD COLUMN files BIGINT NOT NULL DEFAULT 0;

UPDATE versions SET files = f.files
FROM (
  SELECT family, COALESCE(instrument, '') AS instrument, COALESCE(data_level, '') AS data_level, COALESCE(descriptor, '') AS descriptor, extension,
    COALESCE(version, '') AS version, COALESCE(major_version, -1) AS major_version, COALESCE(minor_version, -1) AS minor_version, COUNT(*) AS files
  FROM files GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) AS f
WHERE versions.family = f.family AND versions.instrument = f.instrument AND versions.data_level = f.data_level AND versions.descriptor = f.descriptor
  AND versions.extension = f.extension AND versions.version = f.version AND versions.major_version = f.major_version AND versions.minor_version = f.minor_version;

-- Who does not know of these columns must not publish: a row that went by a default would lead to the wrong files.
ALTER TABLE coverage ALTER COLUMN min_size DROP DEFAULT, ALTER COLUMN max_size DROP DEFAULT, ALTER COLUMN max_days DROP DEFAULT, ALTER COLUMN first_seq DROP DEFAULT,
  ALTER COLUMN last_seq DROP DEFAULT;
ALTER TABLE versions ALTER COLUMN files DROP DEFAULT;
