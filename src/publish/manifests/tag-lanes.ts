import type { Digest } from '../../registry/digest.ts'
import type { Tag } from '../../registry/reference.ts'
import type { Target } from '../acceptance.ts'
import { createTagLane, type MoveEnd, type TagLane, type Turn } from './tag-lane.ts'
import { mayHaveWorked, UpstreamError } from '../upstream-error.ts'

export interface TagMove {
  readonly put: () => Promise<void>
  /** What the tag names upstream at this moment. */
  readonly read: () => Promise<Digest | undefined>
}

/** One place in the lanes of several tags. */
export interface Place {
  /** Whether nobody has come to any of the tags since. */
  readonly isNewest: boolean
  /**
   * Waits for its turn in the lane of one of the tags, then runs `put`; not when a newer arrival has moved the tag. Where an earlier
   * `put`, of this one or of a newer arrival, ended without an answer, the tag is read first: it may be there already.
   *
   * @throws what `put` and `read` throw, and the reason of `signal` before either was started
   */
  move(tag: Tag, move: TagMove, signal: AbortSignal): Promise<'moved' | 'superseded'>
  leave(): void
}

/** The lanes of all tags that somebody wants to move. */
export interface TagLanes {
  /**
   * The order of these calls is the order of the arrivals.
   *
   * @param digest of the manifest that the tags are to name
   */
  arrive(target: Omit<Target, 'agent'>, tags: readonly Tag[], digest: Digest): Place
}

export function createTagLanes(): TagLanes {
  const lanes = new Map<string, TagLane>()
  let arrivals = 0

  function laneOf(name: string): TagLane {
    const lane = lanes.get(name) ?? createTagLane()
    lanes.set(name, lane)
    return lane
  }

  return {
    arrive({ destination, repository }, tags, digest) {
      const nameOf = (tag: Tag) => JSON.stringify([destination.registry, repository, tag])
      const names = tags.map(nameOf)
      arrivals += 1
      const arrival = arrivals
      for (const name of names) laneOf(name).arrive(arrival, digest)

      return {
        get isNewest() {
          return names.every((name) => lanes.get(name)?.newest === arrival)
        },

        async move(tag, { put, read }, signal) {
          const lane = laneOf(nameOf(tag))
          if ((await turnIn(lane, arrival, signal)) === 'superseded') return 'superseded'
          let end: MoveEnd = 'not_moved'
          try {
            signal.throwIfAborted()
            const mover = lane.isInDoubt(arrival) ? lane.settle(await read()) : undefined
            if (mover !== undefined && mover >= arrival) {
              return mover === arrival ? 'moved' : 'superseded'
            }
            end = 'unknown'
            await put()
            end = 'moved'
            return 'moved'
          } catch (error) {
            if (isRefusal(error)) end = 'not_moved'
            throw error
          } finally {
            lane.handBack(arrival, end)
          }
        },

        leave() {
          for (const name of names) {
            const lane = laneOf(name)
            lane.leave(arrival)
            if (lane.isEmpty) lanes.delete(name)
          }
        },
      }
    },
  }
}

function turnIn(lane: TagLane, arrival: number, signal: AbortSignal): Promise<Turn> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Turn>()
  const giveUp = () => {
    lane.withdraw(arrival)
    reject(signal.reason)
  }
  signal.addEventListener('abort', giveUp, { once: true })
  lane.ready(arrival, (turn) => {
    signal.removeEventListener('abort', giveUp)
    resolve(turn)
  })
  return promise
}

/** Anything else may have moved the tag, although nobody heard of it. */
function isRefusal(error: unknown): boolean {
  return error instanceof UpstreamError && !mayHaveWorked(error)
}
