// A process of its own for `scripts/fuzz-inspection.ts`: it inspects the files that it is told, one after the other. It can be killed when
// it hangs, and its memory is that of the inspection alone.
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { inspect } from 'node:util'
import { inspectFile } from '../../../../src/inspect/inspect-file.ts'
import { defaultLimits } from '../../../../src/inspect/limits.ts'
import type { Findings } from '../../../../src/registry/findings.ts'
import { assertSound } from './sound-findings.ts'

/** What is told of one file. */
export interface Inspected {
  readonly findings?: Findings
  /** Why that is wrong. */
  readonly problem?: string
  /** CPU time of all threads. */
  readonly cpuMs: number
  readonly heapUsedBytes: number
  readonly rssBytes: number
}

const mebibyte = 1024 * 1024

/** A second is enough for so many, so that what takes longer is a fault. */
export const fuzzLimits = { ...defaultLimits, maxInflatedBytes: 256 * mebibyte }

/** What zlib's own verdict is asked about: it inflates into memory. */
const maxCheckedBytes = 16 * mebibyte
const inspectionsPerCollection = 100

async function tryFile(path: string): Promise<Pick<Inspected, 'findings' | 'problem' | 'cpuMs'>> {
  const start = process.cpuUsage()
  const cpuMs = () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
  try {
    const findings = await inspectFile(path, fuzzLimits)
    const taken = cpuMs()
    try {
      if (findings.inflatedBytes <= maxCheckedBytes) assertSound(findings, await readFile(path))
      return { findings, cpuMs: taken }
    } catch (error) {
      return { findings, problem: inspect(error), cpuMs: taken }
    }
  } catch (error) {
    return { problem: inspect(error), cpuMs: cpuMs() }
  }
}

let count = 0
async function answer(path: unknown): Promise<void> {
  if (typeof path !== 'string') throw new TypeError('Files are named by their path.')
  const tried = await tryFile(path)
  count += 1
  if (count % inspectionsPerCollection === 0) globalThis.gc?.()
  const { heapUsed: heapUsedBytes, rss: rssBytes } = process.memoryUsage()
  const inspected: Inspected = { ...tried, heapUsedBytes, rssBytes }
  process.send?.(JSON.stringify(inspected))
}

process.on('message', (path) => void answer(path))
