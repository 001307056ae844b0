/** Bodies that are not read for a while, and whose turn it is among them. */
export interface PaceQueue {
  /**
   * Resolves when a chunk may pass: at once, or when `serve` or time lets it.
   *
   * @param upload one for each body: whoever begins first has the older body
   * @param isFirst whether nothing of this body was read before
   * @throws the reason of `upload`
   */
  enter(bytes: number, upload: AbortSignal, isFirst: boolean): Promise<void>
  /** Nothing more comes of this body. Where it was in front, the oldest of those behind it takes its place. */
  readonly end: (upload: AbortSignal) => void
  /** Lets everybody pass who may. To be called whenever a rule may have changed its mind. */
  serve(): void
}

export interface PaceRules {
  /** Whether one more body may begin to be read. */
  mayBegin(): boolean
  /**
   * Whether a body that has begun may go on.
   *
   * @param isInFront whether it is one of the oldest
   */
  mayGoOn(isInFront: boolean): boolean
  /** Called for each chunk that passes. */
  onPass(bytes: number, isFirst: boolean): void
  /** Called every second while anybody waits, before anything else is asked. */
  onSecond(): void
  /**
   * Asked every second while anybody waits: whether the bodies in front bring too little, since they have ended or their clients are
   * slow. Then the oldest of those that wait to go on comes in front too.
   */
  isFrontTooSlow(): boolean
  /** A clock in milliseconds that never goes back. */
  now(): number
}

interface Turn {
  /** Among the bodies that have begun, by age; `undefined` for one that has not. */
  place: number | undefined
  /** Or when the body came, if nothing of it has passed. */
  passedAtMs: number
}

interface Waiter {
  readonly turn: Turn
  readonly pass: () => void
}

const lookMs = 1_000
/** Load balancers cut a connection after 60 s of silence (AWS Application Load Balancer, "Connection idle timeout"). */
const trickleMs = 10_000

export function createPaceQueue(rules: PaceRules): PaceQueue {
  const { now } = rules
  const turns = new WeakMap<AbortSignal, Turn>()
  const waiting = new Set<Waiter>()
  let lastPlace = 0
  let lastPlaceInFront = 0
  let lookedAtMs = -Infinity
  let timer: NodeJS.Timeout | undefined

  function turnOf(upload: AbortSignal, isFirst: boolean): Turn {
    const known = turns.get(upload)
    if (known) return known
    const turn: Turn = { place: undefined, passedAtMs: isFirst ? now() : -Infinity }
    turns.set(upload, turn)
    if (!isFirst) begin(turn)
    return turn
  }

  function begin(turn: Turn): void {
    lastPlace += 1
    turn.place = lastPlace
  }

  function mayPass({ place }: Turn): boolean {
    return place === undefined ? rules.mayBegin() : rules.mayGoOn(place <= lastPlaceInFront)
  }

  function pass(turn: Turn, bytes: number): void {
    const isFirst = turn.place === undefined
    if (isFirst) begin(turn)
    turn.passedAtMs = now()
    rules.onPass(bytes, isFirst)
  }

  /** Of those behind this place. */
  function bringOldestInFront(behind = 0): void {
    const places = [...waiting].map(({ turn }) => turn.place ?? 0).filter((place) => place > behind)
    if (places.length > 0) lastPlaceInFront = Math.min(...places)
  }

  function end(upload: AbortSignal): void {
    const place = turns.get(upload)?.place
    if (place === undefined || place > lastPlaceInFront) return
    bringOldestInFront(lastPlaceInFront)
    serve()
  }

  function look(): void {
    timer = undefined
    lookedAtMs = now()
    rules.onSecond()
    if (rules.isFrontTooSlow()) bringOldestInFront()
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
      if (mayPass(waiter.turn)) waiter.pass()
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
    async enter(bytes, upload, isFirst) {
      const turn = turnOf(upload, isFirst)
      const isOverdue = now() - turn.passedAtMs >= trickleMs
      if (isOverdue || mayPass(turn)) return pass(turn, bytes)
      await wait(turn, bytes, upload)
    },
    end,
    serve,
  }
}
