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
]
