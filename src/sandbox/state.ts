import type { SandboxEvent } from './events.ts'

export interface Layer {
  readonly digest: string
  readonly sizeBytes: number
  readonly bytesKept: boolean
  readonly storedAtMs: number
}

export interface Image {
  readonly digest: string
  /** Byte for byte as it was put. */
  readonly manifest: string
  readonly mediaType: string
  readonly pushedAtMs: number
}

export interface Tag {
  readonly digest: string
  readonly setAtMs: number
}

export interface Repository {
  readonly name: string
  readonly createdAtMs: number
  readonly layers: Map<string, Layer>
  /** By digest, how often a layer was stored: more than once only where it had been removed. */
  readonly storedTimes: Map<string, number>
  readonly images: Map<string, Image>
  readonly tags: Map<string, Tag>
}

export interface Upload {
  readonly uploadId: string
  readonly repository: string
  readonly startedAtMs: number
  readonly bytesKept: boolean
  readonly partSizesBytes: number[]
  sizeBytes: number
}

export interface State {
  readonly repositories: Map<string, Repository>
  readonly uploads: Map<string, Upload>
  /** Upload ids that ended in a stored layer, with their repository. */
  readonly completedUploads: Map<string, string>
}

export const emptyState = (): State => ({
  repositories: new Map(),
  uploads: new Map(),
  completedUploads: new Map(),
})

/** The one place that changes the state. Events of a repository that is gone have no effect. */
export function apply(state: State, event: SandboxEvent): void {
  switch (event.event) {
    case 'repository-created':
      state.repositories.set(event.repository, {
        name: event.repository,
        createdAtMs: event.atMs,
        layers: new Map(),
        storedTimes: new Map(),
        images: new Map(),
        tags: new Map(),
      })
      return
    case 'repository-deleted':
      state.repositories.delete(event.repository)
      return
    case 'upload-started':
      state.uploads.set(event.uploadId, {
        uploadId: event.uploadId,
        repository: event.repository,
        startedAtMs: event.atMs,
        bytesKept: event.bytesKept,
        partSizesBytes: [],
        sizeBytes: 0,
      })
      return
    case 'part-stored': {
      const upload = state.uploads.get(event.uploadId)
      upload?.partSizesBytes.push(event.sizeBytes)
      if (upload) upload.sizeBytes += event.sizeBytes
      return
    }
    case 'upload-ended': {
      const upload = state.uploads.get(event.uploadId)
      if (upload && event.completed) state.completedUploads.set(event.uploadId, upload.repository)
      state.uploads.delete(event.uploadId)
      return
    }
    case 'layer-stored':
    case 'layer-removed':
    case 'image-put':
    case 'image-removed':
    case 'tag-set':
    case 'tag-removed': {
      const repository = state.repositories.get(event.repository)
      if (repository) applyInside(repository, event)
    }
  }
}

type EventInside = Extract<
  SandboxEvent,
  {
    event:
      | 'layer-stored'
      | 'layer-removed'
      | 'image-put'
      | 'image-removed'
      | 'tag-set'
      | 'tag-removed'
  }
>

function applyInside(repository: Repository, event: EventInside): void {
  switch (event.event) {
    case 'layer-stored': {
      // A journal of an older sandbox does not tell when.
      const { digest, sizeBytes, bytesKept, atMs: storedAtMs = 0 } = event
      repository.layers.set(digest, { digest, sizeBytes, bytesKept, storedAtMs })
      repository.storedTimes.set(digest, (repository.storedTimes.get(digest) ?? 0) + 1)
      return
    }
    case 'layer-removed':
      repository.layers.delete(event.digest)
      return
    case 'image-put': {
      const { digest, manifest, mediaType, atMs } = event
      repository.images.set(digest, { digest, manifest, mediaType, pushedAtMs: atMs })
      return
    }
    case 'image-removed':
      repository.images.delete(event.digest)
      return
    case 'tag-set':
      repository.tags.set(event.tag, { digest: event.digest, setAtMs: event.atMs })
      return
    case 'tag-removed':
      repository.tags.delete(event.tag)
      return
  }
}
