import type { Inspector, Mismatch } from '../../src/layers/inspector.ts'
import { type Diagnosis, diagnosis } from '../../src/registry/diagnosis.ts'
import type { Findings } from '../../src/registry/findings.ts'
import type { UploadId } from '../../src/registry/upload-id.ts'

export const opaque: Findings = { compression: 'none', contents: 'opaque', inflatedBytes: 0 }

/** The `Inspector` port, finding what it is told to find. */
export interface FakeInspector extends Inspector {
  /** What was asked of it, in order. */
  readonly asked: readonly string[]
  readonly mismatches: readonly Mismatch[]
}

export interface FakeInspectorOptions {
  readonly findings?: Findings | Promise<Findings>
  readonly why?: Diagnosis | Promise<Diagnosis>
  /** Until when an upload has to wait for its inspection. */
  readonly caughtUp?: Promise<void>
}

export function fakeInspector(options: FakeInspectorOptions = {}): FakeInspector {
  const { findings = opaque, why = diagnosis('unknown', {}), caughtUp } = options
  const names = new Map<UploadId, number>()
  const asked: string[] = []
  const mismatches: Mismatch[] = []

  function nameOf(id: UploadId): number {
    const name = names.get(id) ?? names.size + 1
    names.set(id, name)
    return name
  }

  return {
    asked,
    mismatches,
    async follow(id, writtenBytes) {
      asked.push(`follow ${nameOf(id)} to ${writtenBytes}`)
      await caughtUp
    },
    async inspect(id, { sizeBytes }) {
      asked.push(`inspect ${nameOf(id)} of ${sizeBytes}`)
      return findings
    },
    forget(id) {
      asked.push(`forget ${nameOf(id)}`)
    },
    async diagnose(mismatch) {
      asked.push(`diagnose ${nameOf(mismatch.id)}`)
      mismatches.push(mismatch)
      return why
    },
  }
}
