import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { composeFile, composeServices } from './compose-file.ts'
import { run } from './run.ts'
import { compose } from './tools.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function readYaml(path: string) {
  return parse(await readFile(join(root, path), 'utf8'))
}

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
    const { scrape_configs: scrapes } = await readYaml('deploy/prometheus/prometheus.yml')
    assert.deepEqual(scrapes[0].static_configs, [{ targets: ['layergate:8080'] }])
    assert.ok((await composeServices())['layergate'])
  })

  test('pins the images that are not ours', async () => {
    const images = Object.values(await composeServices()).map(({ image = '' }) => image)
    const foreign = images.filter((image) => image !== 'layergate:local')
    assert.deepEqual(
      foreign.filter((image) => !/^[a-z/]+:v?\d+\.\d+\.\d+$/.test(image)),
      [],
    )
    assert.equal(foreign.length, 2)
  })

  test('lets everybody look at Grafana, and nobody change or log in to anything', async () => {
    const environment = (await composeServices())['grafana']?.environment ?? {}
    const { GF_AUTH_ANONYMOUS_ENABLED: isOpen, GF_AUTH_ANONYMOUS_ORG_ROLE: role } = environment
    assert.deepEqual({ isOpen, role }, { isOpen: 'true', role: 'Viewer' })
    assert.equal(environment['GF_AUTH_BASIC_ENABLED'], 'false')
    assert.equal(environment['GF_AUTH_DISABLE_LOGIN_FORM'], 'true')
    assert.equal(environment['GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION'], 'true')
  })

  test('gives Grafana the dashboards where its provisioning looks for them, to read only', async () => {
    const { volumes = [], environment = {} } = (await composeServices())['grafana'] ?? {}
    const mounts = volumes.filter(({ type }) => type === 'bind')
    assert.deepEqual(
      mounts.map(({ source, target, read_only }) => [relative(root, source), target, read_only]),
      [
        ['deploy/grafana/provisioning', '/etc/grafana/provisioning', true],
        ['deploy/grafana/dashboards', '/etc/grafana/dashboards', true],
      ],
    )
    const { providers } = await readYaml('deploy/grafana/provisioning/dashboards/layergate.yml')
    assert.equal(providers[0].options.path, '/etc/grafana/dashboards')
    const home = environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? ''
    await access(join(root, home.replace('/etc/grafana', 'deploy/grafana')))
  })

  test('has Grafana ask Prometheus, whose interval it knows', async () => {
    const { datasources } = await readYaml('deploy/grafana/provisioning/datasources/prometheus.yml')
    const { global } = await readYaml('deploy/prometheus/prometheus.yml')
    assert.equal(datasources.length, 1)
    assert.equal(datasources[0].url, 'http://prometheus:9090')
    assert.equal(datasources[0].jsonData.timeInterval, global.scrape_interval)
    assert.ok((await composeServices())['prometheus'])
  })
})
