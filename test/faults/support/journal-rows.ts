import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'

/** What the journal of a service says that is not running. */
export interface JournalRows {
  readonly layers: readonly SealedRow[]
  /** Those that are not finished. */
  readonly openUploads: readonly UploadRow[]
  readonly forwards: readonly ForwardRow[]
}

export interface SealedRow {
  readonly digest: string
  readonly uploadId: string
  readonly sizeBytes: number
}

export interface UploadRow {
  readonly id: string
  /** Over several requests. */
  readonly isResumable: boolean
  /** Acknowledged. */
  readonly receivedBytes: number
}

export interface ForwardRow {
  readonly repository: string
  readonly digest: string
  readonly state: string
}

/** Reads the tables themselves, and shares no code with what wrote them. */
export function readJournal(path: string): JournalRows {
  const database = new DatabaseSync(path, { readOnly: true })
  const all = <T>(sql: string, toRow: (row: Row) => T) => database.prepare(sql).all().map(toRow)
  try {
    return {
      layers: all('SELECT * FROM sealed_layers', (row) => ({
        digest: String(row['digest']),
        uploadId: String(row['upload_id']),
        sizeBytes: Number(row['size_bytes']),
      })),
      openUploads: all('SELECT * FROM upload_sessions WHERE finished_as IS NULL', (row) => ({
        id: String(row['id']),
        isResumable: row['is_resumable'] === 1,
        receivedBytes: Number(row['received_bytes']),
      })),
      forwards: all('SELECT * FROM forwards', (row) => ({
        repository: String(row['repository']),
        digest: String(row['digest']),
        state: String(row['state']),
      })),
    }
  } finally {
    database.close()
  }
}

type Row = Record<string, SQLOutputValue>
