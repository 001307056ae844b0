import { auditLine } from './audit-line.ts'

/** Lines that wait to be written. Those that find no room are lost, and a line of the log itself says how many, in their place. */
export interface AuditBacklog {
  /** False: it is lost. */
  add(line: string): boolean
  /** The oldest lines, as many as are well written at once; empty when none waits. */
  take(): Buffer
  /** How many wait; none does any more. */
  drop(): number
}

const batchBytes = 1024 * 1024

export function createAuditBacklog(maxBytes: number, now: () => Date): AuditBacklog {
  let lines: string[] = []
  let bytes = 0
  let lostLines = 0

  function push(line: string): void {
    lines.push(line)
    bytes += Buffer.byteLength(line)
  }

  function tellLost(): void {
    if (lostLines === 0) return
    const time = now().toISOString()
    push(auditLine({ audit: 1, time, event: 'lines_lost', lines: lostLines }))
    lostLines = 0
  }

  return {
    add(line) {
      if (bytes + Buffer.byteLength(line) > maxBytes) {
        lostLines += 1
        return false
      }
      tellLost()
      push(line)
      return true
    },

    take() {
      if (lines.length === 0) tellLost()
      let count = 0
      let takenBytes = 0
      for (const line of lines) {
        if (takenBytes >= batchBytes) break
        count += 1
        takenBytes += Buffer.byteLength(line)
      }
      const batch = Buffer.from(lines.slice(0, count).join(''))
      lines = lines.slice(count)
      bytes -= takenBytes
      return batch
    },

    drop() {
      const { length } = lines
      lines = []
      bytes = 0
      return length
    },
  }
}
