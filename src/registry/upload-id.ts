import { randomUUID } from 'node:crypto'

declare const brand: unique symbol

/** Names one upload session of ours, never ECR's upload. */
export type UploadId = string & { readonly [brand]: 'UploadId' }

const grammar = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function newUploadId(): UploadId {
  const id: string = randomUUID()
  if (!isUploadId(id)) throw new TypeError(`${id} is not an upload id.`)
  return id
}

export function isUploadId(text: string): text is UploadId {
  return grammar.test(text)
}
