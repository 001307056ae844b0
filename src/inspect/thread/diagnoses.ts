import { type Diagnosis, diagnosis } from '../../registry/diagnosis.ts'
import { type ByteFile, openByteFile } from '../byte-file.ts'
import { type Alone, diagnoseMismatch } from '../diagnosis/diagnose.ts'
import { createDiagnosisPlaces, defaultBounds } from './diagnosis-places.ts'
import type { MismatchFiles } from './messages.ts'
import { createTurns } from './turns.ts'

/** Those under way take turns of some milliseconds, so that none waits for the end of the others. */
export interface Diagnoses {
  /** @throws Error when the bytes that came cannot be read */
  diagnose(mismatch: MismatchFiles): Promise<Diagnosis>
}

export function createDiagnoses(bounds = defaultBounds): Diagnoses {
  const places = createDiagnosisPlaces(bounds)
  const turns = createTurns([true])
  const alone: Alone = async (task) => turns.take(task)

  return {
    async diagnose({ agent, path, goodCopyPath, timeLimitMs, ...mismatch }) {
      const { sizeBytes } = mismatch.received
      // At once: whoever asked waits a while only, and then the files go.
      using open = new DisposableStack()
      const file = open.use(openByteFile(path))
      const goodCopy = open.use(openIfThere(goodCopyPath))
      using place = await places.take(agent, sizeBytes)
      if (!place) return diagnosis('unknown', { receivedBytes: sizeBytes, notLookedInto: 1 })
      const endsAtMs = performance.now() + timeLimitMs
      const hasTime = () => performance.now() < endsAtMs
      const bytes = { ...mismatch, file, ...(goodCopy && { goodCopy }) }
      const found = await diagnoseMismatch(bytes, hasTime, alone)
      // What was cut meanwhile, as by the next request of the same upload, proves nothing.
      if (file.sizeBytes === sizeBytes) return found
      return diagnosis('unknown', { receivedBytes: sizeBytes, bytesWentAway: 1 })
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
