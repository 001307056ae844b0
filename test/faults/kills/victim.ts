import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { argv, getActiveResourcesInfo, kill, pid, platform } from 'node:process'
import { loadConfig } from '../../../src/config/config.ts'
import { createProcessEnd } from '../../../src/commands/process-end.ts'
import { nodeFiles } from '../../../src/storage/disk/files.ts'
import { createLogger } from '../../../src/telemetry/logger.ts'
import { type Service, wire } from '../../../src/wiring.ts'
import { countingTap } from './support/kill-point.ts'
import type { Orders, Report } from './support/orders.ts'
import { tapped } from './support/tapped.ts'

/**
 * A whole service in a process that dies where it is told to. It knows nothing else of its death: every port that it is wired with
 * counts the calls that pass, and one of them is the last.
 */
const orders: Orders = JSON.parse(argv[2] ?? '')
const config = loadConfig(orders.env)
const tap = countingTap(orders.killPoint, die)

function die(): never {
  kill(pid, 'SIGKILL')
  // The signal is there when the call returns, and this line is never reached.
  throw new Error('The process outlived its death.')
}

let opens = 0
const files = tapped(
  'files',
  {
    ...nodeFiles,
    async open(path: string) {
      opens += 1
      if (orders.failedOpens?.includes(opens)) {
        throw Object.assign(new Error('EMFILE: injected'), { code: 'EMFILE' })
      }
      return nodeFiles.open(path)
    },
  },
  tap,
)

// What is done once a minute would never be seen: no victim lives that long.
const { setInterval: every } = globalThis
globalThis.setInterval = Object.assign(
  (task: () => void, ms: number) => every(task, ms >= 60_000 ? 50 : ms),
  every,
)

function report(message: Report): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()))
}

let service: Service | undefined
const logger = createLogger('warn', { write: (line) => void process.stderr.write(line) })
const end = createProcessEnd(logger, async (hasFailed) => {
  if (!service) return
  service.drain()
  await service.inFlight.idle(AbortSignal.timeout(hasFailed ? 1_000 : config.drainMs))
  await service.close()
  await report({
    type: 'stopped',
    calls: tap.calls,
    methods: tap.methods(),
    openFiles: openFiles(),
    openHandles: getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap'),
  })
})

function openFiles(): readonly string[] {
  if (platform !== 'linux') return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(config.storage.dataDir) ? [path] : []
    } catch {
      return []
    }
  })
}

// Whoever killed its parent did not mean it to stay.
void once(process, 'disconnect').then(die)

service = await wire({
  config,
  logger,
  version: 'victim',
  openapi: readFileSync(new URL('../../../openapi.yaml', import.meta.url), 'utf8'),
  withProcessMetrics: false,
  files,
  timing: {
    postponeMs: 50,
    parkMs: 50,
    journalRestMs: 20,
    manifestPauseMs: 50,
  },
  around: (name, port) => tapped(name, port, tap),
  onFatal: end.fail,
})
await service.openControl()
const url = await service.app.listen({ host: '127.0.0.1', port: 0 })
service.startWork()
if (orders.keepsModules) flushCompileCache()
await report({ type: 'listening', url })
