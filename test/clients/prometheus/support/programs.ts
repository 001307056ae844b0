import { execFile } from 'node:child_process'
import { installedClient } from '../../support/installed-client.ts'

const search = { folders: ['/usr/bin'], install: 'run scripts/install-prometheus' }

export const prometheus = installedClient('prometheus', search)
export const promtool = installedClient('promtool', search)

export interface Ended {
  readonly status: number
  readonly output: string
}

/** What promtool says, and how it ends. */
export function runPromtool(args: readonly string[], input = ''): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const child = execFile(promtool.path(), args, (error, stdout, stderr) => {
    const status = error ? error.code : 0
    if (typeof status === 'number') resolve({ status, output: stdout + stderr })
    else reject(error ?? new Error('promtool did not end by itself.'))
  })
  child.stdin?.end(input)
  return promise
}
