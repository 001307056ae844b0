import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspectFile } from '../../../../src/inspect/inspect-file.ts'
import { defaultLimits } from '../../../../src/inspect/limits.ts'
import type { Findings } from '../../../../src/registry/findings.ts'
import { type Archive, archivesIn, compress, compressionOf, extract, inflate } from './archives.ts'

/** An archive that is good, and was found otherwise. */
export interface Alarm {
  readonly path: string
  readonly kind: string
  readonly findings: Findings
}

export interface Survey {
  /** How many were inspected, of each kind. */
  readonly counts: ReadonlyMap<string, number>
  readonly alarms: readonly Alarm[]
}

export interface SurveyLimits {
  readonly maxArchives?: number
  /** Larger ones are passed over. */
  readonly maxArchiveBytes?: number
}

/**
 * Inspects all archives in these folders, each as it is, without its compression, and compressed again by gzip and zstd.
 */
export async function survey(
  folders: readonly string[],
  { maxArchives = Infinity, maxArchiveBytes = Infinity }: SurveyLimits = {},
): Promise<Survey> {
  const counts = new Map<string, number>()
  const alarms: Alarm[] = []
  const scratch = await mkdtemp(join(tmpdir(), 'layergate-survey-'))
  const at = (name: string) => join(scratch, name)

  async function look(kind: string, { path }: Archive, file: string, isTar: boolean) {
    const findings = await inspectFile(file, defaultLimits)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    const isGood = !findings.flaw && !findings.unexamined
    if (!isGood || (findings.contents === 'tar') !== isTar) alarms.push({ path, kind, findings })
  }

  async function lookAtAll(archive: Archive): Promise<void> {
    const { kind } = archive
    await extract(archive, at('archive'))
    const compression = compressionOf(await headOf(at('archive')))
    // What is not read here passes as something else.
    await look(`${kind}, as it is`, archive, at('archive'), compression !== 'xz')
    if (compression) {
      await inflate(compression, at('archive'), at('tar'))
      await look(`${kind}, inflated`, archive, at('tar'), true)
    }
    for (const other of ['gzip', 'zstd'] as const) {
      await compress(other, at(compression ? 'tar' : 'archive'), at('again'))
      await look(`${kind}, compressed again by ${other}`, archive, at('again'), true)
    }
  }

  let inspected = 0
  try {
    for (const folder of folders) {
      for await (const archive of archivesIn(folder)) {
        if (inspected === maxArchives) break
        if (archive.end - archive.start > maxArchiveBytes) continue
        await lookAtAll(archive)
        inspected += 1
      }
    }
    return { counts, alarms }
  } finally {
    await rm(scratch, { recursive: true })
  }
}

async function headOf(path: string): Promise<Buffer> {
  await using file = await open(path)
  const head = Buffer.alloc(512)
  await file.read(head, 0, head.length, 0)
  return head
}
