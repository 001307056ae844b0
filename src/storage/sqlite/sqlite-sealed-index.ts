import type { SealedIndex } from '../disk/sealed-index.ts'
import type { Journal } from './journal.ts'
import { digest, integer, uploadId } from './rows.ts'

export function createSealedIndex(journal: Journal, now: () => Date): SealedIndex {
  return {
    async all() {
      const [rows = []] = await journal.run({
        sql: 'SELECT * FROM sealed_layers ORDER BY last_used_at, rowid',
        parameters: {},
      })
      return rows.map((row) => ({
        digest: digest(row, 'digest'),
        sizeBytes: integer(row, 'size_bytes'),
        uploadId: uploadId(row, 'upload_id'),
      }))
    },

    async put(layer) {
      await journal.run({
        sql: `
          INSERT OR REPLACE INTO sealed_layers (digest, upload_id, size_bytes, sealed_at, last_used_at)
          VALUES (:digest, :uploadId, :sizeBytes, :now, :now)`,
        parameters: { ...layer, now: now().getTime() },
      })
    },

    async remove({ uploadId: removed }) {
      await journal.run({
        sql: 'DELETE FROM sealed_layers WHERE upload_id = :uploadId',
        parameters: { uploadId: removed },
      })
    },
  }
}
