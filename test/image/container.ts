import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { podmanExec, podmanOutput, podmanRun, type Start } from './image.ts'
import type { Outcome } from './run.ts'
import { podman } from './tools.ts'

export interface Container {
  readonly name: string
  exec(...command: readonly string[]): Promise<Outcome>
  /** A request that comes from inside of the container. */
  fetch(url: string, init?: RequestInit): Promise<{ status: number; body: string }>
  /** SIGTERM, and SIGKILL after 25 s, the default of LAYERGATE_DRAIN. Resolves to the exit code. */
  stop(): Promise<number>
}

const fetchScript = `
  const [url, init] = process.argv.slice(1)
  const response = await fetch(url, JSON.parse(init))
  console.log(JSON.stringify({ status: response.status, body: await response.text() }))`

/** Runs a container until the test ends; resolves when what it runs listens. */
export async function startContainer(t: TestContext, start: Start): Promise<Container> {
  const name = `layergate-${randomUUID()}`
  const options = ['--name', name, ...(start.options ?? [])]
  const child = spawn(podman.path(), podmanRun({ ...start, options }), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    const all = ['--force', '--ignore', '--depend', '--volumes']
    await podmanOutput('rm', ...all, '--time', '0', name)
    await exited
  })
  const complaints = text(child.stderr)
  if (!(await listens(child.stdout))) throw new Error(`It never listened: ${await complaints}`)

  return {
    name,

    exec: (...command) => podmanExec(name, command),

    async fetch(url, init = {}) {
      const node = ['node', '--input-type=module', '--eval', fetchScript]
      const { stdout, stderr } = await podmanExec(name, [...node, url, JSON.stringify(init)])
      if (stdout === '') throw new Error(`${url}: ${stderr}`)
      return JSON.parse(stdout)
    },

    async stop() {
      await podmanOutput('stop', '--time', '25', name)
      const [exitCode] = await exited
      return exitCode
    },
  }
}

async function listens(stdout: NodeJS.ReadableStream): Promise<boolean> {
  for await (const line of createInterface({ input: stdout })) {
    if (JSON.parse(line).msg !== 'listening') continue
    stdout.resume()
    return true
  }
  return false
}
