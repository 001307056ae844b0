import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { composeFile, composeServices } from './compose-file.ts'
import { run } from './run.ts'
import { compose } from './tools.ts'

describe('docker-compose.yml', { skip: compose.skip }, () => {
  test('is valid', async () => {
    const outcome = await run(compose.path(), [...composeFile, 'config', '--quiet'])
    assert.deepEqual(outcome, { exitCode: 0, stdout: '', stderr: '' })
  })

  test('opens its ports to this machine only', async () => {
    const ports = Object.values(await composeServices()).flatMap((service) => service.ports)
    assert.deepEqual(new Set(ports.map((port) => port.host_ip)), new Set(['127.0.0.1']))
  })

  test('gives no container more than it needs', async () => {
    for (const [name, service] of Object.entries(await composeServices())) {
      const { read_only, cap_drop, security_opt } = service
      assert.deepEqual(
        { name, read_only, cap_drop, security_opt },
        { name, read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
      )
    }
  })

  test('has Prometheus scrape the service', async () => {
    const file = new URL('../../deploy/prometheus/prometheus.yml', import.meta.url)
    const { scrape_configs: scrapes } = parse(await readFile(file, 'utf8'))
    assert.deepEqual(scrapes[0].static_configs, [{ targets: ['layergate:8080'] }])
    assert.ok((await composeServices())['layergate'])
  })
})
