import type { Observer } from '../registry/events.ts'

/** Tells each of several observers, in order. */
export function observers(...all: readonly Observer[]): Observer {
  return {
    observe(event) {
      for (const observer of all) observer.observe(event)
    },
  }
}
