import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import type { Findings } from '../../registry/findings.ts'
import { type ByteFile, openByteFile } from '../byte-file.ts'
import { inspectFile } from '../inspect-file.ts'
import type { InspectionLimits } from '../limits.ts'
import { diagnoseMismatch } from '../diagnosis/diagnose.ts'
import type { MismatchFiles } from './messages.ts'
import { createTurns } from './turns.ts'

/** One diagnosis after the other. */
export interface Diagnoses {
  /** @throws Error when the bytes that came cannot be read */
  diagnose(mismatch: MismatchFiles): Promise<Diagnosis>
}

/** Why nothing is known of bytes that are worth a look now. */
const worthALook: ReadonlySet<string | undefined> = new Set(['off', 'time', 'failed'])

export function createDiagnoses(limits: InspectionLimits): Diagnoses {
  const turns = createTurns([true])

  async function findingsOf(path: string, findings: Findings): Promise<Findings> {
    return worthALook.has(findings.unexamined) ? inspectFile(path, limits) : findings
  }

  return {
    async diagnose({ path, goodCopyPath, timeLimitMs, ...mismatch }) {
      // At once: whoever asked waits a while only, and then the files go.
      using open = new DisposableStack()
      const file = open.use(openByteFile(path))
      const goodCopy = open.use(openIfThere(goodCopyPath))
      return await turns.take(async () => {
        const endsAtMs = performance.now() + timeLimitMs
        const hasTime = () => performance.now() < endsAtMs
        const findings = await findingsOf(path, mismatch.findings)
        const bytes = { ...mismatch, findings, file, ...(goodCopy && { goodCopy }) }
        const found = await diagnoseMismatch(bytes, hasTime)
        // What was cut meanwhile, as the bytes of a request that failed are, proves nothing.
        const { sizeBytes } = mismatch.received
        return file.sizeBytes === sizeBytes
          ? found
          : diagnosis('unknown', { receivedBytes: sizeBytes })
      })
    },
  }
}

function openIfThere(path: string | undefined): ByteFile | undefined {
  try {
    return path === undefined ? undefined : openByteFile(path)
  } catch {
    return undefined
  }
}
