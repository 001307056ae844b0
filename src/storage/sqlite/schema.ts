import { schema5 } from './schema-5.ts'

/**
 * The migrations, in order; `PRAGMA user_version` counts those that a journal has seen. One that was
 * released is never changed. Times are milliseconds since 1970.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE upload_sessions (
    id TEXT PRIMARY KEY,
    repository TEXT NOT NULL,
    agent TEXT NOT NULL,
    expected TEXT,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE INDEX upload_sessions_expected ON upload_sessions (repository, expected);

  CREATE TABLE sealed_layers (
    digest TEXT PRIMARY KEY,
    upload_id TEXT NOT NULL UNIQUE,
    size_bytes INTEGER NOT NULL,
    sealed_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE forwards (
    id INTEGER PRIMARY KEY,
    registry TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    agent TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    already_present INTEGER NOT NULL DEFAULT 0,
    parts INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_detail TEXT,
    due_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (registry, repository, digest)
  ) STRICT;

  CREATE INDEX forwards_owed ON forwards (digest) WHERE state <> 'forwarded';
  CREATE INDEX forwards_due ON forwards (due_at) WHERE state IN ('owed', 'parked');
  `,

  // What a forward in flight was before, and when and by whom it was recorded again.
  `
  ALTER TABLE forwards ADD COLUMN claimed_from TEXT;
  ALTER TABLE forwards ADD COLUMN recorded_again_at INTEGER;
  ALTER TABLE forwards ADD COLUMN recorded_again_by TEXT;

  CREATE INDEX forwards_recorded_again ON forwards (recorded_again_at)
    WHERE recorded_again_at IS NOT NULL;
  `,

  // Uploads over several requests. Those of before end with theirs, and none of their bytes counts: the digest is that of no bytes.
  `
  ALTER TABLE upload_sessions ADD COLUMN is_resumable INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE upload_sessions ADD COLUMN received_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE upload_sessions ADD COLUMN received_digest TEXT NOT NULL
    DEFAULT 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  ALTER TABLE upload_sessions ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE upload_sessions ADD COLUMN finished_as TEXT;

  UPDATE upload_sessions SET changed_at = created_at;

  DROP INDEX upload_sessions_expected;
  CREATE INDEX upload_sessions_receiving ON upload_sessions (repository, expected)
    WHERE finished_as IS NULL;
  CREATE INDEX upload_sessions_changed ON upload_sessions (changed_at);

  CREATE INDEX forwards_layer ON forwards (digest);
  `,

  // What was started upstream, what was hurried (its due time was moved far back before), and ids that are never used again, which only a
  // new table can have (https://www.sqlite.org/autoinc.html).
  `
  CREATE TABLE forwards_4 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    registry TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    agent TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    already_present INTEGER NOT NULL DEFAULT 0,
    parts INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    error_code TEXT,
    error_detail TEXT,
    upload_id TEXT,
    upload_part_bytes INTEGER,
    upload_sent_bytes INTEGER,
    due_at INTEGER NOT NULL,
    hurried_at INTEGER,
    recorded_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    claimed_from TEXT,
    claimed_at INTEGER,
    recorded_again_at INTEGER,
    recorded_again_by TEXT,
    UNIQUE (registry, repository, digest)
  ) STRICT;

  INSERT INTO forwards_4 (
    id, registry, repository, digest, state, agent, size_bytes, already_present, parts, attempts, error_code, error_detail,
    due_at, hurried_at, recorded_at, changed_at, claimed_from, claimed_at, recorded_again_at, recorded_again_by)
  SELECT
    id, registry, repository, digest, state, agent, size_bytes, already_present, parts, attempts, error_code, error_detail,
    iif(due_at < 0, due_at + 10000000000000, due_at), iif(due_at < 0 AND state = 'owed', due_at + 10000000000000, NULL),
    recorded_at, changed_at, claimed_from, iif(state = 'forwarding', changed_at, NULL),
    recorded_again_at, recorded_again_by
  FROM forwards ORDER BY id;

  DROP TABLE forwards;
  ALTER TABLE forwards_4 RENAME TO forwards;

  CREATE INDEX forwards_layer ON forwards (digest);
  CREATE INDEX forwards_owed ON forwards (digest) WHERE state NOT IN ('forwarded', 'parked_for_good');
  CREATE INDEX forwards_unpaid ON forwards (recorded_at) WHERE state <> 'forwarded';
  CREATE INDEX forwards_done ON forwards (changed_at) WHERE state = 'forwarded';
  CREATE INDEX forwards_due ON forwards (due_at) WHERE state IN ('owed', 'parked');
  CREATE INDEX forwards_due_of_agent ON forwards (agent, due_at) WHERE state IN ('owed', 'parked');
  CREATE INDEX forwards_hurried ON forwards (hurried_at) WHERE state = 'owed' AND hurried_at IS NOT NULL;
  CREATE INDEX forwards_in_flight ON forwards (agent) WHERE state = 'forwarding';
  CREATE INDEX forwards_recorded_again ON forwards (recorded_again_at)
    WHERE recorded_again_at IS NOT NULL;

  CREATE INDEX upload_sessions_received ON upload_sessions (received_digest)
    WHERE finished_as IS NULL;
  `,

  schema5,
]
