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

test("AWS's own endpoint is left to the SDK", () => {
  assert.equal(loadConfig(aws).upstream.endpoint, undefined)
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
    const config = loadConfig({ ...aws, LAYERGATE_UPSTREAM_ENDPOINT: endpoint })
    assert.deepEqual(config.upstream.endpoint, new URL(endpoint))
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
    assert.deepEqual(problemsOf({ ...aws, LAYERGATE_UPSTREAM_ENDPOINT: endpoint }), [
      'LAYERGATE_UPSTREAM_ENDPOINT must be https, but for a loopback address.',
    ])
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
    assert.deepEqual(problemsOf({ ...sandbox, LAYERGATE_UPSTREAM_ENDPOINT: endpoint }), [
      'LAYERGATE_UPSTREAM=sandbox must not have an endpoint of AWS.',
    ])
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
    const config = loadConfig({ ...sandbox, LAYERGATE_UPSTREAM_ENDPOINT: endpoint })
    assert.deepEqual(config.upstream.endpoint, new URL(endpoint))
  })
}
