// Fills NODE_COMPILE_CACHE by one whole start and stop of the service, and one layer that is refused in between: its threads and what
// only they compile are then in it too. An image whose service does not start is thus never built.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const dataDir = await mkdtemp(join(tmpdir(), 'layergate-'))

const service = spawn(execPath, [main, 'serve'], {
  env: {
    ...env,
    LAYERGATE_UPSTREAM: 'sandbox',
    LAYERGATE_PORT: '0',
    LAYERGATE_DATA_DIR: dataDir,
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const exited = once(service, 'exit')
for await (const line of createInterface({ input: service.stdout })) {
  const { msg, url } = JSON.parse(line)
  if (msg !== 'listening') continue
  const digest = `sha256:${'0'.repeat(64)}`
  const target = `${url}/v1/layers?repository=team/app&digest=${digest}`
  const answer = await fetch(target, { method: 'POST', body: 'no such layer' })
  assert.equal(answer.status, 400, await answer.text())
  service.kill('SIGTERM')
}
const [exitCode] = await exited
await rm(dataDir, { recursive: true })
assert.equal(exitCode, 0, 'the service did not start and stop in order')
