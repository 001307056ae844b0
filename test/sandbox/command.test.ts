import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { runSandbox } from '../../src/commands/sandbox.ts'

const command = new URL('../../src/commands/sandbox.ts', import.meta.url)

function spawnSandbox(t: TestContext, ...args: string[]): ChildProcess {
  const script = `import { runSandbox } from ${JSON.stringify(command.href)}
await runSandbox(process.argv.slice(1))`
  const options = ['--input-type=module', '--eval', script, '--', ...args]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`the command serves the named repositories until ${signal}`, async (t) => {
    const child = spawnSandbox(t, '--port', '0', '--repository', 'team/a', '--repository', 'team/b')
    assert.ok(child.stdout)
    const [line] = await once(createInterface(child.stdout), 'line')
    const [, url] = /^{"msg":"listening","url":"(http:[^"]+)"}$/.exec(String(line)) ?? []
    const state = await (await fetch(`${url}/_sandbox/state`)).text()
    assert.ok(state.includes('"team/a"') && state.includes('"team/b"'), state)
    child.kill(signal)
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })
}

test('the help names every option and starts nothing', async (t) => {
  const child = spawnSandbox(t, '--help')
  assert.ok(child.stdout)
  const help = await text(child.stdout)
  for (const option of ['host', 'port', 'data-dir', 'repository', 'any-repository', 'quotas']) {
    assert.ok(help.includes(`--${option} `), option)
  }
  assert.ok(!help.includes('listening'))
})

for (const args of [
  ['--port', '-1'],
  ['--port', '65536'],
  ['--port', 'http'],
  ['--quotas', 'azure'],
  ['--other'],
  ['other'],
]) {
  test(`the arguments ${args.join(' ')} are refused`, async () => {
    await assert.rejects(runSandbox(args))
  })
}
