import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/config.ts'
import { problemsOf, sandbox } from './setup.ts'

const aws = { LAYERGATE_UPSTREAM: 'aws', LAYERGATE_INSECURE_NO_AUTH: 'true' }

test('AWS without anybody being asked who they are has to be wanted', () => {
  for (const env of [
    { LAYERGATE_UPSTREAM: 'aws' },
    { ...aws, LAYERGATE_INSECURE_NO_AUTH: 'false' },
  ]) {
    const [problem, ...others] = problemsOf(env)
    assert.match(problem ?? '', /LAYERGATE_INSECURE_NO_AUTH=true/)
    assert.deepEqual(others, [])
  }
  assert.deepEqual(problemsOf(aws), [])
})

test("AWS's own endpoint is left to the SDK, and reads go to the public registry", () => {
  const { endpoint, registryEndpoint } = loadConfig(aws).upstream
  assert.equal(endpoint, undefined)
  assert.deepEqual(registryEndpoint, new URL('https://public.ecr.aws'))
})

test('an endpoint of the API says nothing of where AWS is read', () => {
  const env = { ...aws, LAYERGATE_UPSTREAM_ENDPOINT: 'https://ecr-public.example.com' }
  assert.deepEqual(loadConfig(env).upstream.registryEndpoint, new URL('https://public.ecr.aws'))
})

test('a sandbox is read where it takes pushes', () => {
  const env = { ...sandbox, LAYERGATE_UPSTREAM_ENDPOINT: 'http://127.0.0.1:9000' }
  assert.deepEqual(loadConfig(env).upstream.registryEndpoint, new URL('http://127.0.0.1:9000'))
})

test('where AWS, or a sandbox, is read can be chosen by itself', () => {
  const chosen = { LAYERGATE_REGISTRY_ENDPOINT: 'http://127.0.0.1:9001' }
  for (const env of [aws, sandbox]) {
    const { endpoint, registryEndpoint } = loadConfig({ ...env, ...chosen }).upstream
    assert.deepEqual(registryEndpoint, new URL('http://127.0.0.1:9001'))
    assert.deepEqual(endpoint, loadConfig(env).upstream.endpoint)
  }
})

/** Where the value of each goes. */
const endpoints = {
  LAYERGATE_UPSTREAM_ENDPOINT: 'endpoint',
  LAYERGATE_REGISTRY_ENDPOINT: 'registryEndpoint',
} as const
const endpointNames = Object.keys(endpoints)

test('both endpoints are looked at, and both problems named', () => {
  const url = 'http://ecr-public.example.com'
  const env = Object.fromEntries(endpointNames.map((name) => [name, url]))
  assert.deepEqual(
    problemsOf({ ...aws, ...env }),
    endpointNames.map((name) => `${name} must be https, but for a loopback address.`),
  )
})

for (const endpoint of [
  'https://ecr-public.example.com',
  'https://api.ecr-public.us-east-1.amazonaws.com',
  'http://127.0.0.1:8081',
  'http://127.1.2.3',
  'http://localhost:8081',
  'http://[::1]:8081',
]) {
  test(`AWS may be reached through ${endpoint}`, () => {
    for (const [name, member] of Object.entries(endpoints)) {
      const { upstream } = loadConfig({ ...aws, [name]: endpoint })
      assert.deepEqual(upstream[member], new URL(endpoint))
    }
  })
}

for (const endpoint of [
  'http://ecr-public.example.com',
  'http://127.0.0.1.example.com',
  'http://localhost.example.com',
  'http://10.0.0.1',
  'http://[::2]',
  'http://0.0.0.0',
]) {
  test(`AWS is not reached in plain text through ${endpoint}`, () => {
    for (const name of endpointNames) {
      assert.deepEqual(problemsOf({ ...aws, [name]: endpoint }), [
        `${name} must be https, but for a loopback address.`,
      ])
    }
  })
}

for (const endpoint of [
  'https://api.ecr-public.us-east-1.amazonaws.com',
  'https://api.ecr-public.us-east-1.amazonaws.com:443/',
  'http://API.ECR-PUBLIC.US-EAST-1.AMAZONAWS.COM',
  'https://amazonaws.com',
  'https://ecr.cn-north-1.amazonaws.com.cn',
  'https://ecr.eusc-de-east-1.amazonaws.eu',
  'https://ecr-public.us-east-1.api.aws',
  'https://ecr.eusc-de-east-1.api.amazonwebservices.eu',
  'https://ecr.cn-north-1.api.amazonwebservices.com.cn',
  'https://abcdefghij.lambda-url.us-east-1.on.aws',
  'https://public.ecr.aws',
  'https://public.ecr.aws.',
  'https://api.ecr-public.us-east-1.amazonaws.com.:443',
]) {
  test(`a sandbox is not ${endpoint}`, () => {
    for (const name of endpointNames) {
      assert.deepEqual(problemsOf({ ...sandbox, [name]: endpoint }), [
        `${name} must not be of AWS, because LAYERGATE_UPSTREAM=sandbox.`,
      ])
    }
  })
}

for (const endpoint of [
  'http://sandbox:8081',
  'https://amazonaws.com.example.com',
  'http://notamazonaws.com',
  'http://amazonaws.com.cn.example.com',
  'http://amazonaws.org',
  'http://myaws',
]) {
  test(`a sandbox may be ${endpoint}`, () => {
    for (const [name, member] of Object.entries(endpoints)) {
      const { upstream } = loadConfig({ ...sandbox, [name]: endpoint })
      assert.deepEqual(upstream[member], new URL(endpoint))
    }
  })
}
