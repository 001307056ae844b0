import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { BigLayer } from './big-layer.ts'
import { repository } from './registries.ts'

const script = fileURLToPath(new URL('plain-forward.ts', import.meta.url))

export interface PlainFigures {
  readonly cpuSeconds: number
  readonly seconds: number
  readonly loopDelayP99Ms: number
}

export interface LayerFile {
  readonly path: string
  readonly digest: string
}

/** Layers side by side, by the SDK's own commands, in a process of its own. */
export async function plainForward(
  endpoint: string,
  layers: readonly LayerFile[],
): Promise<PlainFigures> {
  const files = layers.flatMap(({ path, digest }) => [path, digest])
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    endpoint,
    repository,
    ...files,
  ])
  return JSON.parse(stdout)
}

export async function asFile(layer: BigLayer, path: string): Promise<LayerFile> {
  await pipeline(layer.stream(), createWriteStream(path))
  return { path, digest: layer.digest }
}
