import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { type ByteFile, openByteFile } from '../byte-file.ts'
import { type Alone, diagnoseMismatch } from '../diagnosis/diagnose.ts'
import type { MismatchFiles } from './messages.ts'
import { createTurns } from './turns.ts'

/** Each takes its turn for some milliseconds at a time, so that none waits for the end of others. */
export interface Diagnoses {
  /** @throws Error when the bytes that came cannot be read */
  diagnose(mismatch: MismatchFiles): Promise<Diagnosis>
}

export function createDiagnoses(): Diagnoses {
  const turns = createTurns([true])
  const alone: Alone = async (task) => turns.take(task)

  return {
    async diagnose({ path, goodCopyPath, timeLimitMs, ...mismatch }) {
      const endsAtMs = performance.now() + timeLimitMs
      const hasTime = () => performance.now() < endsAtMs
      // At once: whoever asked waits a while only, and then the files go.
      using open = new DisposableStack()
      const file = open.use(openByteFile(path))
      const goodCopy = open.use(openIfThere(goodCopyPath))
      const bytes = { ...mismatch, file, ...(goodCopy && { goodCopy }) }
      const found = await diagnoseMismatch(bytes, hasTime, alone)
      // What was cut meanwhile, as the bytes of a request that failed are, proves nothing.
      const { sizeBytes } = mismatch.received
      return file.sizeBytes === sizeBytes
        ? found
        : diagnosis('unknown', { receivedBytes: sizeBytes })
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
