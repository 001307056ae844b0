import { parseDigest } from '../../../../src/registry/digest.ts'
import { imageOf } from '../../../support/manifests.ts'
import type { Blob } from '../../chaos/support/blobs.ts'
import { type Agent, ask, surprise } from './agent.ts'

/** The manifest of an image whose blobs were pushed; the first is its config. */
export async function putImage(
  agent: Agent,
  tag: string,
  config: Blob,
  ...layers: readonly Blob[]
): Promise<string> {
  const { repository, ledger } = agent
  const manifest = imageOf(described(config), ...layers.map(described))
  const { digest, bytes, mediaType } = manifest
  const push = { repository, tag, digest, begunAt: ledger.now() }
  const index = ledger.tags.push(push) - 1

  let path = `/v2/${repository}/manifests/${tag}`
  for (;;) {
    const sent = { headers: { 'content-type': mediaType }, body: bytes }
    const answer = await ask(agent, 'PUT', path, () => sent)
    if (answer.status === 307) {
      path = answer.headers.get('location') ?? path
      continue
    }
    if (answer.status === 201) {
      ledger.promises += 1
      ledger.tags[index] = { ...push, acknowledgedAt: ledger.now() }
    } else surprise(agent, `manifest ${tag}`, answer)
    return digest
  }
}

function described({ digest, bytes }: Blob) {
  return { digest: parseDigest(digest), sizeBytes: bytes.length }
}
