import type { LayergateEvent, Observer } from '../../src/registry/events.ts'

export interface RecordingObserver extends Observer {
  readonly events: readonly LayergateEvent[]
  of<T extends LayergateEvent['type']>(type: T): Extract<LayergateEvent, { type: T }>[]
}

export function recordingObserver(): RecordingObserver {
  const events: LayergateEvent[] = []
  return {
    events,
    observe: (event) => events.push(event),
    of: <T extends LayergateEvent['type']>(type: T) =>
      events.filter((event): event is Extract<LayergateEvent, { type: T }> => event.type === type),
  }
}
