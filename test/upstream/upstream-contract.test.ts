import { createGate } from '../../src/layers/gate.ts'
import { createFakeUpstream } from '../support/fake-upstream.ts'
import { admitLayer } from '../support/layers.ts'
import { createMemorySpool } from '../support/memory-spool.ts'
import { upstreamContract } from './contracts/upstream.ts'
import { partBytes, repository, setUp } from './setup.ts'

upstreamContract('ECR Public, as the sandbox is', async (t) => {
  const { upstream, admit, sandbox } = await setUp(t)
  const isThere = (digest: string) =>
    sandbox.state().repositories[0]?.layers.some((layer) => layer.digest === digest)
  return {
    upstream,
    admit,
    stored: async (digest) =>
      isThere(digest) ? sandbox.layerBytes(repository, digest) : undefined,
  }
})

upstreamContract('memory, of the tests', async () => {
  const upstream = createFakeUpstream({ partSizeBytes: partBytes })
  const spool = createMemorySpool()
  const gate = createGate(spool)
  return {
    upstream,
    admit: (bytes) => admitLayer(spool, gate, bytes),
    stored: async (digest) => upstream.layers.get(digest),
  }
})
