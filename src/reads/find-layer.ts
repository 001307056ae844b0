import type { UploadSessions } from '../ingest/upload-sessions.ts'
import type { Forward, ForwardJournal, ForwardKey } from '../publish/forward-journal.ts'

/** What is known here of one layer in one repository. */
export type LayerView =
  | { readonly state: 'receiving' }
  | { readonly state: 'known'; readonly forward: Forward }
  | { readonly state: 'unknown' }

export type FindLayer = (key: ForwardKey) => Promise<LayerView>

export function createFindLayer(journal: ForwardJournal, sessions: UploadSessions): FindLayer {
  return async (key) => {
    const forward = await journal.find(key)
    if (forward) return { state: 'known', forward }
    const isReceiving = await sessions.isReceiving(key.repository, key.digest)
    return { state: isReceiving ? 'receiving' : 'unknown' }
  }
}
