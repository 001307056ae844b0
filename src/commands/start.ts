import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { env, execPath, stderr } from 'node:process'
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../config/config.ts'
import { settings } from '../config/settings.ts'
import { type Served, serve } from './serve.ts'
import { asStorageError, StartError } from './start-error.ts'
import { refuseArguments } from './usage-error.ts'

/** The quick start: the service, and beside it the ECR Public sandbox in a process of its own. */
export async function runStart(args: string[]): Promise<void> {
  refuseArguments(args)
  const quickStart = { ...env, [settings.upstream.name]: 'sandbox' }
  const { upstream, storage } = loadConfig(quickStart)
  // Before the sandbox makes its own folder in it: what is spooled is nobody else's business.
  await mkdir(storage.dataDir, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw asStorageError(error)
  })
  const sandbox = await startSandboxProcess(upstream.endpoint?.port ?? '0', storage.dataDir)
  // With port 0 the sandbox has found one of its own.
  const found = { ...quickStart, [settings.upstreamEndpoint.name]: sandbox.url }
  const config = loadConfig(found)
  const served = await serve(config, sandbox.stop)
  stderr.write(welcome(served, sandbox.url, config.http.hasStatusPage))
}

interface SandboxProcess {
  readonly url: string
  stop(): Promise<void>
}

async function startSandboxProcess(port: string, dataDir: string): Promise<SandboxProcess> {
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const args = [
    main,
    'sandbox',
    '--any-repository',
    '--port',
    port,
    '--data-dir',
    `${dataDir}/sandbox`,
  ]
  // Its own process group, so that Ctrl-C reaches the service alone, which stops the sandbox last. However the service
  // ends, the sandbox sees its end of the IPC channel close.
  const child = spawn(execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true,
  })
  const exited = once(child, 'exit')
  const { stdout } = child
  if (!stdout) throw new Error('The sandbox has no standard output.')

  for await (const line of createInterface({ input: stdout })) {
    const { msg, url } = JSON.parse(line)
    if (msg !== 'listening') continue
    stdout.resume()
    return {
      url,
      async stop() {
        child.kill()
        await exited
      },
    }
  }
  const cause = new Error('The sandbox beside it did not start; its own words are above')
  throw new StartError(cause, settings.upstreamEndpoint.name)
}

function welcome({ url, adminUrl }: Served, sandboxUrl: string, hasStatusPage: boolean): string {
  const layer = 'hello, layer'
  const digest = `sha256:${createHash('sha256').update(layer).digest('hex')}`
  const { host } = new URL(url)
  const target = `${url}/v1/layers?repository=demo/app`
  return `
Layergate listens on ${url} and forwards to an ECR Public sandbox on ${sandboxUrl}.
No AWS account is used, and nobody is asked who they are.

Push a first layer:
  printf '${layer}' | curl --data-binary @- '${target}&digest=${digest}'

Push an image with docker (or skopeo, podman, crane, ...; see docs/clients.md):
  docker tag alpine ${host}/demo/app:v1 && docker push ${host}/demo/app:v1

Push a file of yours:
  curl -X POST -T layer.tar.gz "${target}&digest=sha256:$(sha256sum layer.tar.gz | cut -d' ' -f1)"

See it refused (the digest is that of other bytes), and see what reached "AWS" (nothing of it):
  printf 'damaged' | curl --data-binary @- '${target}&digest=${digest}'
  curl '${sandboxUrl}/_sandbox/calls'

${hasStatusPage ? `Status page: ${adminUrl}/\n` : ''}Metrics: ${adminUrl}/metrics

`
}
