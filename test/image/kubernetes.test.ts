import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { parsePolicy } from '../../src/access/policy/parse-policy.ts'
import { loadConfig } from '../../src/config/config.ts'
import { settings } from '../../src/config/settings.ts'
import { installedClient } from '../clients/support/installed-client.ts'
import { projectFolder, run } from './run.ts'

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
  readonly periodSeconds: number
  readonly failureThreshold: number
}

type ProbeName = 'startupProbe' | 'readinessProbe' | 'livenessProbe'

interface Container extends Readonly<Record<ProbeName, Probe>> {
  readonly image: string
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly securityContext: unknown
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface Labels {
  readonly [label: string]: string
}

interface Pod {
  readonly metadata: { readonly labels: Labels }
  readonly spec: {
    readonly serviceAccountName: string
    readonly enableServiceLinks: boolean
    readonly terminationGracePeriodSeconds: number
    readonly securityContext: Readonly<Record<string, unknown>>
    readonly containers: readonly Container[]
    readonly volumes?: unknown
  }
}

interface Resource {
  readonly kind: string
  readonly data?: Readonly<Record<string, string>>
  readonly metadata: { readonly name: string; readonly labels: Labels }
  readonly spec: {
    readonly clusterIP?: string
    readonly selector: Labels & { readonly matchLabels?: Labels }
    readonly podSelector: { readonly matchLabels: Labels }
    readonly ports: readonly { readonly targetPort: string }[]
    readonly ingress: readonly { readonly from: unknown; readonly ports: { port: string }[] }[]
    readonly serviceName: string
    readonly replicas: number
    readonly template: Pod
    readonly persistentVolumeClaimRetentionPolicy: unknown
    readonly volumeClaimTemplates: readonly {
      readonly metadata: { readonly name: string }
      readonly spec: { readonly accessModes: readonly string[] }
    }[]
  }
}

const folder = join(projectFolder, 'deploy/kubernetes')
const file = join(folder, 'layergate.yaml')
const text = await readFile(file, 'utf8')
const resources: readonly Resource[] = parseAllDocuments(text).map((document) => document.toJS())

function all(kind: string): readonly Resource[] {
  return resources.filter((resource) => resource.kind === kind)
}

function only(kind: string): Resource {
  const [resource, ...others] = all(kind)
  assert.ok(resource && others.length === 0, `there is one ${kind}`)
  return resource
}

const { spec: set } = only('StatefulSet')
const { spec: pod, metadata } = set.template
const [container, ...sidecars] = pod.containers
assert.ok(container)
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]))

describe('kubernetes-validate, strictly', () => {
  const validator = installedClient('kubernetes-validate', {
    folders: [join(projectFolder, '.cache/image-tools/bin')],
    install: 'run scripts/install-image-tools .cache/image-tools',
  })
  const skip = validator.skip

  async function validate(path: string) {
    const args = ['--strict', '--quiet', '--kubernetes-version', '1.37.0', path]
    return run(validator.path(), args)
  }

  async function validateWith(t: TestContext, right: string, wrong: string) {
    assert.ok(text.includes(right))
    const scratch = await mkdtemp(join(tmpdir(), 'layergate-'))
    t.after(() => rm(scratch, { recursive: true }))
    const path = join(scratch, 'layergate.yaml')
    await writeFile(path, text.replace(right, wrong))
    return validate(path)
  }

  test('has nothing against layergate.yaml', { skip }, async () => {
    assert.deepEqual(await validate(file), { exitCode: 0, stdout: '', stderr: '' })
  })

  for (const [what, right, wrong, complaint] of [
    ['of the wrong type', 'replicas: 1', 'replicas: one', /spec\.replicas: 'one' is not of type/],
    ['that is unknown', 'replicas: 1', 'replicaz: 1', /'replicaz' was unexpected/],
    [
      'of the wrong type in a pod',
      'runAsUser: 1000',
      'runAsUser: node',
      /runAsUser: 'node' is not/,
    ],
    ['that is unknown in a pod', 'path: /healthz', 'route: /healthz', /'route' was unexpected/],
  ] as const) {
    test(`would find a value ${what}`, { skip }, async (t) => {
      const { exitCode, stdout, stderr } = await validateWith(t, right, wrong)
      assert.equal(exitCode, 1)
      assert.match(stdout + stderr, complaint)
    })
  }
})

test('there is one replica, and what it owes outlives its pod', () => {
  assert.equal(set.replicas, 1)
  assert.deepEqual(set.persistentVolumeClaimRetentionPolicy, {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
  })
})

function policyFile(): string {
  const { policyFile: path } = loadConfig(env).access
  assert.ok(path)
  return path
}

test('the policy of the ConfigMap is one', () => {
  const policy = only('ConfigMap').data?.[basename(policyFile())]
  assert.ok(policy)
  const { destinations, issuers } = parsePolicy(policy, { kind: 'aws' })
  assert.deepEqual([destinations.length, issuers.length], [1, 1])
})

test('the data folder is a claim of its own, and beside it there is the policy alone', () => {
  const { dataDir } = loadConfig(env).storage
  const [mount, policy, ...others] = container.volumeMounts
  assert.deepEqual([mount?.mountPath, others], [dataDir, []])
  // The folder: of a file alone that is mounted, Kubernetes changes nothing any more.
  assert.deepEqual(policy, { name: 'policy', mountPath: dirname(policyFile()), readOnly: true })
  const [claim] = set.volumeClaimTemplates
  assert.equal(claim?.metadata.name, mount?.name)
  assert.deepEqual(claim?.spec.accessModes, ['ReadWriteOnce'])
  const { name } = only('ConfigMap').metadata
  assert.deepEqual(pod.volumes, [{ name: 'policy', configMap: { name } }])
  assert.doesNotMatch(text.replaceAll(/#.*/g, ''), /emptyDir/)
})

test('the pod has more time to end than the drain takes', () => {
  const graceMs = pod.terminationGracePeriodSeconds * 1000
  assert.ok(graceMs >= loadConfig(env).drainMs + 15_000)
})

test('the environment is made of settings, and the service starts with it', () => {
  const known = new Set(Object.values(settings).map(({ name }) => name))
  assert.deepEqual(
    Object.keys(env).filter((name) => !known.has(name)),
    [],
  )
  const { upstream, http } = loadConfig(env)
  assert.equal(upstream.kind, 'aws')
  const ports = Object.fromEntries(
    container.ports.map(({ name, containerPort }) => [name, containerPort]),
  )
  assert.deepEqual(ports, { http: http.port, admin: http.adminPort })
})

test('no variable of a Service is taken for a setting', () => {
  assert.equal(pod.enableServiceLinks, false)
})

test('the probes ask routes that openapi.yaml has, on the admin port', async () => {
  const openapi: { readonly paths: Readonly<Record<string, { readonly get?: unknown }>> } = parse(
    await readFile(join(projectFolder, 'openapi.yaml'), 'utf8'),
  )
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const
  for (const name of probes) {
    const { path, port }: Probe['httpGet'] = container[name].httpGet
    assert.ok(openapi.paths[path]?.get, path)
    assert.equal(port, 'admin')
  }
  const asked = probes.map((name) => container[name].httpGet.path)
  assert.deepEqual(asked, ['/readyz', '/readyz', '/healthz'])
})

test('a start may take longer than the wait for the data folder', () => {
  const { periodSeconds, failureThreshold } = container.startupProbe
  assert.ok(periodSeconds * failureThreshold >= 300)
})

test("the user is the image's, and may do nothing but write into the volume", async () => {
  const dockerfile = await readFile(join(projectFolder, 'Dockerfile'), 'utf8')
  const [, user, group] = [...dockerfile.matchAll(/^USER (\d+):(\d+)$/gm)].at(-1) ?? []
  assert.deepEqual(pod.securityContext, {
    runAsNonRoot: true,
    runAsUser: Number(user),
    runAsGroup: Number(group),
    fsGroup: Number(group),
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  })
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  assert.deepEqual(sidecars, [])
})

test('the image is the one that docker-compose.yml builds', async () => {
  const compose = parse(await readFile(join(projectFolder, 'docker-compose.yml'), 'utf8'))
  assert.equal(container.image, compose['x-layergate'].image)
})

test('everything selects this pod, and runs in the name of its account', () => {
  const selectors = [
    ...all('Service').map(({ spec }) => spec.selector),
    only('PodDisruptionBudget').spec.selector.matchLabels,
    only('NetworkPolicy').spec.podSelector.matchLabels,
    set.selector.matchLabels,
  ]
  assert.deepEqual(new Set(selectors.map((each) => JSON.stringify(each))).size, 1)
  assert.deepEqual(selectors[0], metadata.labels)
  assert.equal(pod.serviceAccountName, only('ServiceAccount').metadata.name)
})

test('agents and Prometheus have a Service each, and the headless one is that of the set', () => {
  const services = all('Service').map(({ metadata: { name }, spec }) => ({
    name,
    isHeadless: spec.clusterIP === 'None',
    ports: spec.ports.map(({ targetPort }) => targetPort),
  }))
  assert.deepEqual(services, [
    { name: 'layergate', isHeadless: false, ports: ['http'] },
    { name: set.serviceName, isHeadless: true, ports: ['admin'] },
  ])
})

test('nobody reaches a port from a namespace that was not named', () => {
  const { ingress } = only('NetworkPolicy').spec
  assert.deepEqual(
    ingress.map(({ from, ports }) => ({ from, ports: ports.map(({ port }) => port) })),
    [
      {
        from: [{ namespaceSelector: { matchLabels: { 'layergate.example/agents': 'true' } } }],
        ports: ['http'],
      },
      {
        from: [
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
        ],
        ports: ['admin'],
      },
    ],
  )
})
