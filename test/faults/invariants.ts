import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { eventsOf, type History } from './support/history.ts'

export { checkNothingIsLeft, whatIsOpen } from './support/left-overs.ts'
export { checkSpoolAgreesWithJournal } from './support/spool-and-journal.ts'
export { checkTags, type TagPush } from './support/tags.ts'
export { readHistory, type History } from './support/history.ts'

/** A layer in a repository. */
export interface LayerThere {
  readonly repository: string
  readonly digest: string
}

export interface AcknowledgedLayer extends LayerThere {
  readonly sizeBytes: number
}

/** What the sandbox was asked, and what came of it. */
export interface SandboxRecord {
  readonly calls: ReturnType<Sandbox['calls']>
  readonly history: History
}

/**
 * Every acknowledged layer is in its repository, with the right bytes. It was stored there once, and once the sandbox had said so
 * (an answer may have been lost, that of `CompleteLayerUpload` 200 was not), nobody tried to complete it again.
 *
 * @param doubted layers of which the sandbox may have named another digest when it had stored them: those may be sent again
 */
export async function checkAcknowledged(
  sandbox: Pick<Sandbox, 'readLayer'>,
  { calls, history }: SandboxRecord,
  acknowledged: Iterable<AcknowledgedLayer>,
  doubted: Iterable<LayerThere> = [],
): Promise<void> {
  const storedTimes = countBy(eventsOf(history, 'layer-stored'), nameOf)
  const removed = new Set(eventsOf(history, 'layer-removed').map(nameOf))
  const mayBeSentAgain = new Set([...removed, ...[...doubted].map(nameOf)])
  const problems: string[] = []

  for (const layer of unique(acknowledged)) {
    const name = nameOf(layer)
    const times = storedTimes.get(name) ?? 0
    if (times === 0) problems.push(`${name} was acknowledged, and is not there`)
    if (times > 1 && !removed.has(name)) problems.push(`${name} was stored ${times} times`)
    const wrong = times > 0 && (await wrongBytes(sandbox, layer))
    if (wrong) problems.push(`${name} ${wrong}`)
  }

  const completed = new Set<string>()
  for (const { operation, repositoryName = '', layerDigests = [], status } of calls) {
    if (operation !== 'CompleteLayerUpload') continue
    for (const digest of layerDigests) {
      const name = nameOf({ repository: repositoryName, digest })
      if (completed.has(name) && !mayBeSentAgain.has(name))
        problems.push(`${name} was completed again`)
      if (status === 200) completed.add(name)
    }
  }
  assert.deepEqual(problems, [])
}

async function wrongBytes(
  sandbox: Pick<Sandbox, 'readLayer'>,
  { repository, digest, sizeBytes }: AcknowledgedLayer,
): Promise<string | undefined> {
  const chunks = sandbox.readLayer(repository, digest)
  if (!chunks) return 'has no bytes'
  const hash = createHash('sha256')
  let foundBytes = 0
  for await (const chunk of chunks) {
    hash.update(chunk)
    foundBytes += chunk.length
  }
  if (foundBytes !== sizeBytes) return `has ${foundBytes} of ${sizeBytes} bytes`
  const found = `sha256:${hash.digest('hex')}`
  return found === digest ? undefined : `has the bytes of ${found}`
}

/** What the agents sent, and what the service made of it. */
export interface Pushed {
  /** Every layer of which any agent sent the right bytes, acknowledged or not. */
  readonly good: Iterable<LayerThere>
  /** What was only ever sent with other bytes: the digest that was announced, or that of those bytes where it is known. */
  readonly refused: Iterable<LayerThere>
  /** The layer of each `InitiateLayerUpload`, where they were recorded as the upstream port was asked to start them. */
  readonly started?: readonly LayerThere[]
}

/**
 * No byte of a refused layer left for the sandbox. Nothing was completed, and nothing stored, but what agents sent rightly; and with
 * `started`, every upload that the sandbox was asked for was one of those.
 */
export function checkNeverInitiated({ calls, history }: SandboxRecord, pushed: Pushed): void {
  const good = new Set([...pushed.good].map(nameOf))
  const refused = new Set([...pushed.refused].map(nameOf).filter((name) => !good.has(name)))
  const problems: string[] = []
  const see = (what: string, layer: LayerThere) => {
    const name = nameOf(layer)
    if (refused.has(name)) problems.push(`${name} was refused, and ${what}`)
    else if (!good.has(name)) problems.push(`${name} was never pushed, and ${what}`)
  }

  for (const { operation, repositoryName = '', layerDigests = [] } of calls) {
    if (operation !== 'CompleteLayerUpload') continue
    for (const digest of layerDigests) see('completed', { repository: repositoryName, digest })
  }
  for (const event of eventsOf(history, 'layer-stored')) see('stored', event)
  for (const layer of pushed.started ?? []) see('started', layer)

  const initiated = calls.filter(({ operation }) => operation === 'InitiateLayerUpload').length
  const explained = pushed.started?.length ?? Infinity
  if (initiated > explained) {
    problems.push(`${initiated} uploads were initiated, but only ${explained} for known layers`)
  }
  assert.deepEqual(problems, [])
}

export function nameOf({ repository, digest }: LayerThere): string {
  return `${repository}@${digest}`
}

function unique(layers: Iterable<AcknowledgedLayer>): Iterable<AcknowledgedLayer> {
  return new Map([...layers].map((layer) => [nameOf(layer), layer])).values()
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  return counts
}
