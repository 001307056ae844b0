import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startSandbox } from '../sandbox/sandbox.ts'
import { asListenError } from './start-error.ts'
import { UsageError } from './usage-error.ts'

const usage = `Usage: layergate sandbox [options]

Runs a stand-in for Amazon ECR Public until SIGTERM or SIGINT.

  --host HOST         address to listen on (127.0.0.1)
  --port PORT         port to listen on, 0 for a free one (8081)
  --data-dir DIR      keep state and layers in DIR (default: in memory)
  --repository NAME   a repository that exists from the start; may be repeated
  --any-repository    create every repository when a call first names it
  --quotas aws        throttle as the ECR Public quotas say
  --help              this text
`

/**
 * The command `sandbox`: resolves when a signal has ended it, or the process that forked it is gone.
 *
 * @throws UsageError, StartError
 */
export async function runSandbox(args: string[]): Promise<void> {
  const values = parse(args)
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const dataDir = values['data-dir']
  const sandbox = await startSandbox({
    host: values.host,
    port: parsePort(values.port),
    repositories: values.repository,
    switches: { anyRepository: values['any-repository'], quotas: parseQuotas(values.quotas) },
    ...(dataDir === undefined ? {} : { dataDir }),
  }).catch((error: unknown) => {
    throw asListenError(error, '--port')
  })
  process.stdout.write(`${JSON.stringify({ msg: 'listening', url: sandbox.url })}\n`)
  await Promise.race(['SIGTERM', 'SIGINT', 'disconnect'].map((event) => once(process, event)))
  await sandbox.close()
  // Else the channel to the process that forked this one would keep it alive.
  process.disconnect?.()
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '8081' },
        'data-dir': { type: 'string' },
        repository: { type: 'string', multiple: true, default: [] },
        'any-repository': { type: 'boolean', default: false },
        quotas: { type: 'string', default: 'off' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^[0-9]+$/.test(text) && port <= 65_535) return port
  throw new UsageError(`--port must be a number from 0 to 65535, not '${text}'`)
}

function parseQuotas(text: string): 'off' | 'aws' {
  if (text === 'off' || text === 'aws') return text
  throw new UsageError(`--quotas must be aws or off, not '${text}'`)
}
