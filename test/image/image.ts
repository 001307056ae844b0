import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { output, type Outcome, projectFolder, run } from './run.ts'
import { podman, requireRunners } from './tools.ts'

const image = 'localhost/layergate:test'

// Over the images that scripts/build-image makes.
const podmanArgs = [
  ['--root', join(projectFolder, '.cache/images/storage')],
  ['--runroot', join(projectFolder, '.cache/images/run')],
  ['--runtime', 'runc'],
].flat()

const hardening = [
  ['--cap-drop', 'all'],
  ['--security-opt', 'no-new-privileges'],
  // Else runc, which may not raise them inside another container, does not start.
  ['--ulimit', 'nofile=4096:4096', '--ulimit', 'nproc=4096:4096'],
  // podman leaves its timer to systemd; the tests run the check's command by themselves.
  ['--no-healthcheck'],
].flat()

// Without the second option podman would mount a tmpfs on /tmp, /run and /var/tmp.
const readOnlyRoot = ['--read-only', '--read-only-tmpfs=false']

export interface Start {
  readonly env?: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  /** `none`, the default, or `container:NAME`, whose loopback is then shared. */
  readonly network?: string
  /** Further options of `podman run`. */
  readonly options?: readonly string[]
  /** Default true: nothing can be written but the volume. */
  readonly isReadOnly?: boolean
}

export function podmanRun(start: Start): readonly string[] {
  const { env = {}, command = [], network = 'none', options = [], isReadOnly = true } = start
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const root = isReadOnly ? readOnlyRoot : []
  const all = [...hardening, ...root, '--network', network, ...variables, ...options]
  return [...podmanArgs, 'run', '--rm', ...all, image, ...command]
}

export function runToItsEnd(start: Start): Promise<Outcome> {
  return run(podman.path(), podmanRun(start))
}

export function podmanExec(name: string, command: readonly string[]): Promise<Outcome> {
  return run(podman.path(), [...podmanArgs, 'exec', name, ...command])
}

export function podmanOutput(...args: readonly string[]): Promise<string> {
  return output(podman.path(), [...podmanArgs, ...args])
}

export async function buildImage(): Promise<void> {
  requireRunners()
  await output(join(projectFolder, 'scripts/build-image'), [image])
}

/** The folder of this machine in which the image's files lie until the test ends. */
export async function mountImage(t: TestContext): Promise<string> {
  const folder = await podmanOutput('image', 'mount', image)
  t.after(() => podmanOutput('image', 'unmount', image))
  return folder
}

/** The command of the image's HEALTHCHECK. */
export async function healthCheck(): Promise<readonly string[]> {
  const format = '{{json .HealthCheck.Test}}'
  const test = await podmanOutput('image', 'inspect', '--format', format, image)
  const [kind, ...command]: string[] = JSON.parse(test)
  if (kind !== 'CMD') throw new Error(`The health check is ${kind}, which needs a shell.`)
  return command
}
