import type { LayerFindings } from '../../layers/layer-findings.ts'
import type { Digest } from '../../registry/digest.ts'
import type { Findings } from '../../registry/findings.ts'
import type { Log } from '../log.ts'
import { removeInBatches } from './batches.ts'
import { toFindings } from './findings-json.ts'
import type { Journal } from './journal.ts'
import type { Statement } from './messages.ts'
import { readEach } from './readable.ts'
import { digest as digestIn, text } from './rows.ts'

export function createLayerFindings(journal: Journal, now: () => Date, log: Log): LayerFindings {
  return {
    async keep(digest, findings) {
      await journal.run({
        sql: `
          INSERT INTO layer_findings (digest, findings, kept_at) VALUES (:digest, :findings, :now)
          ON CONFLICT (digest) DO UPDATE SET findings = :findings, kept_at = :now`,
        parameters: { digest, findings: JSON.stringify(findings), now: now().getTime() },
      })
    },

    async of(digests) {
      if (digests.length === 0) return new Map<Digest, Findings>()
      const [rows = []] = await journal.run(select(digests))
      const { read, unreadable } = readEach(rows, (row) => {
        return [digestIn(row, 'digest'), toFindings(text(row, 'findings'))] as const
      })
      const [first] = unreadable
      if (first) {
        const { length: layers } = unreadable
        const sentence = 'Findings in the journal cannot be read; they are as unknown.'
        log(sentence, { layers, first: text(first.row, 'digest'), error: first.error })
      }
      return new Map(read)
    },

    prune: (time) => removeInBatches(journal, (limit) => removeBefore(time.getTime(), limit)),
  }
}

function select(digests: readonly Digest[]): Statement {
  return {
    sql: `
      SELECT digest, findings FROM layer_findings
      WHERE digest IN (SELECT value FROM json_each(:digests))`,
    parameters: { digests: JSON.stringify(digests) },
  }
}

/** Gives one row for each that it removed. */
function removeBefore(time: number, limit: number): Statement {
  return {
    sql: `
      DELETE FROM layer_findings WHERE digest IN (
        SELECT digest FROM layer_findings WHERE kept_at < :time ORDER BY kept_at LIMIT :limit)
      RETURNING digest`,
    parameters: { time, limit },
  }
}
