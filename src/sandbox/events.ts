import {
  boolean,
  integer,
  number,
  oneOf,
  type Read,
  type Shape,
  structure,
  text,
} from './shapes.ts'

const atMs = number
const name = text()
const event = <const E extends string>(kind: E) => ({ event: oneOf(kind) })

// What the journal keeps: the state of the sandbox is the sum of its events.
const shapes = {
  'repository-created': structure({ ...event('repository-created'), repository: name, atMs }, {}),
  'repository-deleted': structure({ ...event('repository-deleted'), repository: name }, {}),
  'layer-stored': structure(
    {
      ...event('layer-stored'),
      repository: name,
      digest: name,
      sizeBytes: integer(),
      bytesKept: boolean,
    },
    { atMs },
  ),
  'layer-removed': structure({ ...event('layer-removed'), repository: name, digest: name }, {}),
  'image-put': structure(
    {
      ...event('image-put'),
      repository: name,
      digest: name,
      manifest: name,
      mediaType: name,
      atMs,
    },
    {},
  ),
  'image-removed': structure({ ...event('image-removed'), repository: name, digest: name }, {}),
  'tag-set': structure(
    { ...event('tag-set'), repository: name, tag: name, digest: name, atMs },
    {},
  ),
  'tag-removed': structure({ ...event('tag-removed'), repository: name, tag: name }, {}),
  'upload-started': structure(
    {
      ...event('upload-started'),
      uploadId: name,
      repository: name,
      bytesKept: boolean,
      atMs,
    },
    {},
  ),
  'part-stored': structure({ ...event('part-stored'), uploadId: name, sizeBytes: integer() }, {}),
  'upload-ended': structure({ ...event('upload-ended'), uploadId: name, completed: boolean }, {}),
}

type EventKind = keyof typeof shapes
export type SandboxEvent = { [K in EventKind]: Read<(typeof shapes)[K]> }[EventKind]

export const eventShape: Shape<SandboxEvent> = (value, at) => {
  const { event: kind } = structure({ event: text() }, {})(value, at)
  const shape = Object.entries(shapes).find(([key]) => key === kind)?.[1]
  if (!shape) throw new Error(`unknown event '${kind}'`)
  return shape(value, at)
}
