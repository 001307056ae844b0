/** Bodies that are not read for a while, and whose turn it is among them. */
export interface PaceQueue {
  /**
   * Resolves when a chunk may pass: at once, or when `serve` or time lets it.
   *
   * @param upload one for each body: whoever comes first with it has the older body
   * @throws the reason of `upload`
   */
  enter(bytes: number, upload: AbortSignal): Promise<void>
  /** Lets everybody pass who may. To be called whenever `mayPass` may have changed its mind. */
  serve(): void
}

export interface PaceRules {
  /** @param isInFront whether the chunk is of one of the oldest bodies */
  mayPass(isInFront: boolean): boolean
  /** Called for each chunk that passes. */
  onPass(bytes: number): void
  /**
   * Asked every second while anybody waits: whether the bodies in front bring too little, since they have ended or their clients are
   * slow. Then the oldest that waits comes in front too.
   */
  isFrontTooSlow(): boolean
  /** A clock in milliseconds that never goes back. */
  now(): number
}

interface Turn {
  readonly place: number
  passedAtMs: number
}

interface Waiter {
  readonly turn: Turn
  readonly bytes: number
  readonly pass: () => void
}

const lookMs = 1_000
/** Load balancers cut a connection after 60 s of silence (AWS Application Load Balancer, "Connection idle timeout"). */
const trickleMs = 10_000

export function createPaceQueue({ mayPass, onPass, isFrontTooSlow, now }: PaceRules): PaceQueue {
  const turns = new WeakMap<AbortSignal, Turn>()
  const waiting = new Set<Waiter>()
  let lastPlace = 0
  let lastPlaceInFront = 0
  let lookedAtMs = -Infinity
  let timer: NodeJS.Timeout | undefined

  function turnOf(upload: AbortSignal): Turn {
    const known = turns.get(upload)
    if (known) return known
    lastPlace += 1
    const turn = { place: lastPlace, passedAtMs: -Infinity }
    turns.set(upload, turn)
    return turn
  }

  function pass(turn: Turn, bytes: number): void {
    turn.passedAtMs = now()
    onPass(bytes)
  }

  function look(): void {
    timer = undefined
    lookedAtMs = now()
    if (isFrontTooSlow()) {
      lastPlaceInFront = Math.min(...[...waiting].map(({ turn }) => turn.place))
    }
    serve()
    for (const waiter of waiting) {
      if (lookedAtMs + lookMs - waiter.turn.passedAtMs > trickleMs) waiter.pass()
    }
    watch()
  }

  /** Whoever passes comes back with the next chunk: that must not put the next look off. */
  function watch(): void {
    if (waiting.size > 0) {
      timer ??= setTimeout(look, Math.max(0, lookedAtMs + lookMs - now()))
    } else {
      clearTimeout(timer)
      timer = undefined
    }
  }

  function serve(): void {
    for (const waiter of waiting) {
      if (mayPass(waiter.turn.place <= lastPlaceInFront)) waiter.pass()
    }
  }

  function wait(turn: Turn, bytes: number, upload: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      waiting.delete(waiter)
      upload.removeEventListener('abort', abort)
      watch()
    }
    const abort = () => {
      leave()
      reject(upload.reason)
    }
    const waiter: Waiter = {
      turn,
      bytes,
      pass() {
        leave()
        pass(turn, bytes)
        resolve()
      },
    }
    upload.addEventListener('abort', abort, { once: true })
    waiting.add(waiter)
    watch()
    return promise
  }

  return {
    async enter(bytes, upload) {
      const turn = turnOf(upload)
      const isOverdue = now() - turn.passedAtMs >= trickleMs
      if (isOverdue || mayPass(turn.place <= lastPlaceInFront)) return pass(turn, bytes)
      await wait(turn, bytes, upload)
    },
    serve,
  }
}
