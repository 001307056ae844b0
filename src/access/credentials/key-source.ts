import type { KeySet } from './key-set.ts'

/** The keys of one issuer, wherever they come from. */
export interface KeySource {
  /** @throws KeysUnavailable */
  current(): Promise<KeySet>
  /**
   * Other keys than `used`, which did not fit; `undefined` where there are none, as far as can be known by now.
   *
   * @throws KeysUnavailable
   */
  renewed(used: KeySet): Promise<KeySet | undefined>
}

/** There are no keys, or none that are young enough. */
export class KeysUnavailable extends Error {}

export interface KeyTimes {
  /** So long they are taken as they are. */
  readonly freshMs: number
  /** From one attempt to the next, whatever comes of it, however many tokens ask for keys that nobody has. */
  readonly coolDownMs: number
  /** So long they are still taken when no newer ones can be had. */
  readonly keptMs: number
}

export interface KeySourceParts {
  readonly load: () => Promise<KeySet>
  readonly times: KeyTimes
  readonly now: () => Date
  /** Of each attempt that failed. Must not throw. */
  readonly onFailure: (error: unknown) => void
}

export function createKeySource({ load, times, now, onFailure }: KeySourceParts): KeySource {
  let held: { readonly keys: KeySet; readonly atMs: number } | undefined
  let triedAtMs: number | undefined
  let hasFailed = false
  let attempt: Promise<void> | undefined

  /** A clock that was set back makes nothing young. */
  const isWithin = (sinceMs: number, spanMs: number) => {
    const passedMs = now().getTime() - sinceMs
    return passedMs >= 0 && passedMs < spanMs
  }

  async function tryOnce(): Promise<void> {
    const atMs = now().getTime()
    triedAtMs = atMs
    try {
      held = { keys: await load(), atMs }
      hasFailed = false
    } catch (error) {
      hasFailed = true
      onFailure(error)
    } finally {
      attempt = undefined
    }
  }

  /** Whoever comes meanwhile waits for the same attempt. */
  async function tryAgain(): Promise<void> {
    if (!attempt && triedAtMs !== undefined && isWithin(triedAtMs, times.coolDownMs)) return
    attempt ??= tryOnce()
    await attempt
  }

  return {
    async current() {
      if (held && isWithin(held.atMs, times.freshMs)) return held.keys
      const isDown = hasFailed
      const trying = tryAgain()
      // A key server that hung the last time keeps nobody waiting whose key is known.
      if (isDown && held && isWithin(held.atMs, times.keptMs)) return held.keys
      await trying
      if (held && isWithin(held.atMs, times.keptMs)) return held.keys
      throw new KeysUnavailable()
    },

    async renewed(used) {
      if (held && held.keys !== used) return held.keys
      await tryAgain()
      if (held && held.keys !== used) return held.keys
      if (hasFailed) throw new KeysUnavailable()
      return undefined
    },
  }
}
