import type { Digest } from '../../registry/digest.ts'
import type { Tag } from '../../registry/reference.ts'
import type { Target } from '../acceptance.ts'
import { createTagLane, type MoveEnd, type TagLane, type Turn } from './tag-lane.ts'
import { mayHaveWorked, UpstreamError } from '../upstream-error.ts'

export interface TagMove {
  readonly put: () => Promise<void>
  /** What the tag names upstream at this moment. */
  readonly read: () => Promise<Digest | undefined>
  /**
   * Of a tag that is written once. Asked in its turn with what `read` has just given, whatever newer arrivals did before.
   *
   * @throws LayergateError where the tag is not to be had
   */
  readonly judge?: (named: Digest | undefined) => Promise<TagVerdict>
}

/** `there`: the tag names the manifest already. `keep`: it goes on to name what it names, and the manifest may be put beside it. */
export type TagVerdict = 'put' | 'there' | 'keep'

/** One place in the lanes of several tags. */
export interface Place {
  /** Whether nobody has come to any of the tags since. */
  readonly isNewest: boolean
  /**
   * Waits for its turn in the lane of one of the tags, then runs `put`; not when a newer arrival has moved the tag. Where an earlier
   * `put`, of this one or of a newer arrival, ended without an answer, the tag is read first: it may be there already. A tag with a
   * `judge` is always read, and none is superseded there.
   *
   * @throws what `put`, `read` and `judge` throw, and the reason of `signal` before any was started
   */
  move(tag: Tag, move: TagMove, signal: AbortSignal): Promise<'moved' | 'superseded' | 'kept'>
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

        async move(tag, { put, read, judge }, signal) {
          const lane = laneOf(nameOf(tag))
          const turn = await turnIn(lane, arrival, judge !== undefined, signal)
          if (turn === 'superseded') return 'superseded'
          let end: MoveEnd = 'not_moved'
          try {
            signal.throwIfAborted()
            if (judge) {
              const named = await read()
              lane.settle(named)
              const verdict = await judge(named)
              signal.throwIfAborted()
              if (verdict === 'keep') return 'kept'
              if (verdict === 'there') {
                end = 'moved'
                return 'moved'
              }
            } else {
              const mover = lane.isInDoubt(arrival) ? lane.settle(await read()) : undefined
              if (mover !== undefined && mover >= arrival) {
                return mover === arrival ? 'moved' : 'superseded'
              }
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

function turnIn(
  lane: TagLane,
  arrival: number,
  insists: boolean,
  signal: AbortSignal,
): Promise<Turn> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Turn>()
  const giveUp = () => {
    lane.withdraw(arrival)
    reject(signal.reason)
  }
  signal.addEventListener('abort', giveUp, { once: true })
  const answer = (turn: Turn) => {
    signal.removeEventListener('abort', giveUp)
    resolve(turn)
  }
  lane.ready(arrival, answer, insists)
  return promise
}

/** Anything else may have moved the tag, although nobody heard of it. */
function isRefusal(error: unknown): boolean {
  return error instanceof UpstreamError && !mayHaveWorked(error)
}
