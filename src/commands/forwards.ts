import { env, stderr, stdout } from 'node:process'
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { settings } from '../config/settings.ts'
import { watchAnswerReader } from './answer-reader.ts'
import { ask } from './forwards/ask.ts'
import { renderDropped, renderRetried } from './forwards/changes.ts'
import { renderList } from './forwards/listing.ts'
import type { Changed, Listed } from './forwards/question.ts'
import { UsageError } from './usage-error.ts'

const usage = `Usage: layergate forwards list [--limit N] [--json]
       layergate forwards retry DIGEST --repository R [--registry X]
       layergate forwards retry --all
       layergate forwards drop DIGEST --repository R [--registry X]

What is owed to AWS. Asks the service that runs on ${settings.dataDir.name}; when none does, the folder itself.

  list    what is owed or held, the oldest first; --limit N: so many at most (100); --json: an array
  retry   tries it now, as if it had just been pushed, and whatever it was held for; --all: everything that is parked
  drop    gives it up: nothing brings the layer to AWS any more but a new push
`

const actions: Readonly<Record<string, (args: string[]) => Promise<void>>> = { list, retry, drop }

/**
 * The command `forwards`.
 *
 * @throws UsageError; ForwardsError when there is no such debt, or neither service nor folder can be asked
 */
export async function runForwards([action = '', ...args]: string[]): Promise<void> {
  watchAnswerReader(1)
  if (action === '--help') return print(usage)
  const run = Object.hasOwn(actions, action) ? actions[action] : undefined
  if (!run) throw new UsageError(usage.trimEnd())
  await run(args)
}

async function list(args: string[]): Promise<void> {
  const { values, positionals } = parse(args, {
    limit: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  const [surplus] = positionals
  if (surplus !== undefined) throw new UsageError(`Unknown argument ${JSON.stringify(surplus)}.`)
  const query = values.limit === undefined ? '' : `?limit=${encodeURIComponent(values.limit)}`
  const { answer, isOffline } = await ask<Listed>(dataDir(), {
    method: 'GET',
    path: `/v1/forwards${query}`,
  })
  if (isOffline) tellOffline()
  if (!values.json) return print(renderList(answer))
  if (answer.hasMore) stderr.write('There are more; --limit shows them.\n')
  print(`${JSON.stringify(answer.forwards, null, 2)}\n`)
}

async function retry(args: string[]): Promise<void> {
  const { values, positionals } = parse(args, {
    ...ofOneLayer,
    all: { type: 'boolean', default: false },
  })
  const { repository, registry, all } = values
  if (all && (positionals.length > 0 || repository !== undefined || registry !== undefined)) {
    throw new UsageError('--all is everything that is parked: it goes with nothing else.')
  }
  const body = all ? { all } : oneLayer(positionals, values)
  const { answer, isOffline } = await ask<Changed>(dataDir(), {
    method: 'POST',
    path: '/v1/forwards/retry',
    body,
  })
  if (isOffline) tellOffline()
  print(renderRetried(answer, all, isOffline))
}

async function drop(args: string[]): Promise<void> {
  const { values, positionals } = parse(args, ofOneLayer)
  const { answer, isOffline } = await ask<Changed>(dataDir(), {
    method: 'POST',
    path: '/v1/forwards/drop',
    body: oneLayer(positionals, values),
  })
  if (isOffline) tellOffline()
  print(renderDropped(answer))
}

const ofOneLayer = {
  repository: { type: 'string' },
  registry: { type: 'string' },
} as const

function oneLayer(
  [digest, surplus]: readonly string[],
  { repository, registry }: { readonly repository?: string; readonly registry?: string },
): object {
  if (digest === undefined) throw new UsageError('The digest of the layer is missing.')
  if (surplus !== undefined) throw new UsageError(`Unknown argument ${JSON.stringify(surplus)}.`)
  if (repository === undefined) throw new UsageError('--repository is missing.')
  return { digest, repository, ...(registry !== undefined && { registry }) }
}

function parse<const T extends ParseArgsOptionsConfig>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** As the service reads it, which needs more settings than this command. */
function dataDir(): string {
  const { name, parse: parseText, fallback } = settings.dataDir
  return parseText(env[name] || fallback)
}

function tellOffline(): void {
  stderr.write('No service runs on this data folder, so the folder itself was asked.\n')
}

function print(text: string): void {
  stdout.write(text)
}
