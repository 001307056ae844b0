import type { Observer, UploadStarted } from '../registry/events.ts'

export interface LiveUpload {
  readonly upload: UploadStarted
  readonly startedAt: Date
}

/** The uploads whose requests are under way, those that wait unread included. */
export interface LiveUploads extends Observer {
  /** The longest under way first. */
  all(): readonly LiveUpload[]
}

export function createLiveUploads(now: () => Date): LiveUploads {
  const live = new Set<LiveUpload>()

  return {
    observe(event) {
      if (event.type === 'upload_started') live.add({ upload: event, startedAt: now() })
      if (event.type !== 'upload_ended') return
      // Nothing in the events tells two requests apart that a client gave the same id.
      for (const one of live) if (one.upload.progress().phase === 'ended') live.delete(one)
    },
    all: () => [...live],
  }
}
