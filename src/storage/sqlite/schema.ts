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
]
