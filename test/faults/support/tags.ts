import assert from 'node:assert/strict'
import { type EventOf, eventsOf, type History } from './history.ts'

/**
 * One request, with its redirects, that wanted a tag to name a manifest. Both times are of one clock, any that only goes forward; the
 * numbers of a counter will do.
 */
export interface TagPush {
  readonly repository: string
  readonly tag: string
  readonly digest: string
  readonly begunAt: number
  /** When an answer showed that it had arrived, and waits: a redirect that was then followed in time. */
  readonly arrivedAt?: number
  /** When its 201 was read. Absent where no good answer came: it may have moved the tag, or may still do so. */
  readonly acknowledgedAt?: number
}

/**
 * No tag ever named an image of which a layer was missing, nor a manifest that nobody pushed under it; none went back from a newer push
 * to one that had arrived, or was acknowledged, before the newer one began; and none stands before the last that was acknowledged.
 */
export function checkTags(history: History, pushes: readonly TagPush[]): void {
  const problems = [...missingLayers(history)]
  const byTag = Map.groupBy(pushes, nameOf)
  const moves = Map.groupBy(eventsOf(history, 'tag-set'), nameOf)
  for (const [tag, moved] of moves) {
    problems.push(...wrongMoves(tag, moved, byTag.get(tag) ?? []))
  }
  for (const [tag, pushed] of byTag) {
    const last = moves.get(tag)?.at(-1)?.digest
    const newest = pushed.filter(({ acknowledgedAt }) => acknowledgedAt !== undefined)
    for (const { digest } of newest) {
      if (last === undefined || isOlder(last, digest, pushed)) {
        problems.push(`${tag} names ${last}, although ${digest} was acknowledged after it`)
      }
    }
  }
  assert.deepEqual(problems, [])
}

function* missingLayers(history: History): Generator<string> {
  const layers = new Set<string>()
  const manifests = new Map<string, string>()
  for (const event of history) {
    if (event.event === 'layer-stored') layers.add(placeOf(event))
    if (event.event === 'layer-removed') layers.delete(placeOf(event))
    if (event.event === 'image-put') manifests.set(placeOf(event), event.manifest)
    if (event.event !== 'tag-set') continue
    const manifest = manifests.get(placeOf(event))
    if (manifest === undefined) yield `${nameOf(event)} names ${event.digest}, which is not there`
    for (const digest of layersOf(manifest ?? '{}')) {
      if (layers.has(placeOf({ ...event, digest }))) continue
      yield `${nameOf(event)} names ${event.digest}, whose layer ${digest} is not there`
    }
  }
}

function placeOf({ repository, digest }: { readonly repository: string; readonly digest: string }) {
  return `${repository}@${digest}`
}

function layersOf(manifest: string): readonly string[] {
  const { config, layers = [] } = JSON.parse(manifest)
  return [config, ...layers].filter(Boolean).map(({ digest }) => String(digest))
}

function* wrongMoves(
  tag: string,
  moves: readonly EventOf<'tag-set'>[],
  pushes: readonly TagPush[],
): Generator<string> {
  for (const [index, { digest }] of moves.entries()) {
    if (!pushes.some((push) => push.digest === digest)) yield `Nobody pushed ${digest} as ${tag}`
    for (const { digest: before } of moves.slice(0, index)) {
      if (isOlder(digest, before, pushes)) yield `${tag} went back from ${before} to ${digest}`
    }
  }
}

/** Whether every push of `one` had arrived before the first of `other` began. */
function isOlder(one: string, other: string, pushes: readonly TagPush[]): boolean {
  if (one === other) return false
  const of = (wanted: string) => pushes.filter(({ digest }) => digest === wanted)
  const cameAt = ({ arrivedAt, acknowledgedAt }: TagPush) => arrivedAt ?? acknowledgedAt ?? Infinity
  const arrivedAt = Math.max(...of(one).map(cameAt))
  const begunAt = Math.min(...of(other).map((push) => push.begunAt))
  return of(one).length > 0 && arrivedAt < begunAt
}

function nameOf({ repository, tag }: { readonly repository: string; readonly tag: string }) {
  return `${repository}:${tag}`
}
