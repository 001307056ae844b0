/**
 * Layers that were refused, what was found in those that were not, and forwards that are held. Sizes of what was refused are REAL:
 * they are what somebody said, and one INTEGER beyond 2^53 would keep all rows from being read
 * (https://nodejs.org/api/sqlite.html#type-conversion-between-javascript-and-sqlite).
 */
export const schema5 = `
  CREATE TABLE refusals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository TEXT NOT NULL,
    agent TEXT NOT NULL,
    place TEXT NOT NULL,
    request_id TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    expected_digest TEXT,
    expected_bytes REAL,
    actual_digest TEXT,
    actual_bytes REAL,
    cause TEXT NOT NULL,
    evidence TEXT NOT NULL,
    refused_at INTEGER NOT NULL
  ) STRICT;

  CREATE INDEX refusals_refused ON refusals (refused_at);
  CREATE INDEX refusals_of_repository ON refusals (repository, refused_at);
  CREATE INDEX refusals_expected ON refusals (expected_digest, repository, refused_at)
    WHERE expected_digest IS NOT NULL;
  CREATE INDEX refusals_actual ON refusals (actual_digest, repository, refused_at)
    WHERE actual_digest IS NOT NULL;

  CREATE TABLE layer_findings (
    digest TEXT PRIMARY KEY,
    findings TEXT NOT NULL,
    kept_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX layer_findings_kept ON layer_findings (kept_at);

  CREATE INDEX forwards_held ON forwards (recorded_at) WHERE state = 'held';
  `
