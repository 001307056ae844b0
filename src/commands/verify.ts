import { env, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { type Config, loadConfig } from '../config/config.ts'
import { settings } from '../config/settings.ts'
import { defaultLimits } from '../inspect/limits.ts'
import { type Digest, parseDigest } from '../registry/digest.ts'
import { LayergateError } from '../registry/errors.ts'
import { watchAnswerReader } from './answer-reader.ts'
import { UsageError } from './usage-error.ts'
import { asInputError, openInput } from './verify/input.ts'
import { verdictJson } from './verify/verdict-json.ts'
import { renderVerdict } from './verify/verdict-text.ts'
import { reachVerdict, type Verdict } from './verify/verdict.ts'

const inspectSettings = [
  settings.inspectMaxRatio,
  settings.inspectMaxBytes,
  settings.inspectMaxEntries,
  settings.inspectOverLimit,
]

const usage = `Usage: layergate verify FILE --digest D [--json]

Looks into one file as the service would: does it have this digest, is it sound inside, and if not, why not.
FILE - is standard input. Nobody is asked, and nothing is sent.

  --digest D   as it would be pushed: sha256: and 64 hexadecimal digits
  --json       one object, for programs
  --help       this text

The exit status is 0 when the file is good, 1 when the service would refuse it, 2 when it could not be looked at.
${inspectSettings.map(({ name }) => name).join(',\n')}
count as they do for the service.
`

/**
 * The command `verify`.
 *
 * @returns 1 when the layer would be refused
 * @throws UsageError also when the file cannot be read; ConfigError
 */
export async function runVerify(args: string[]): Promise<number> {
  watchAnswerReader(2)
  const { values, positionals } = parse(args)
  if (values.help) {
    stdout.write(usage)
    return 0
  }
  const path = onlyFile(positionals)
  const expected = givenDigest(values.digest)
  const inspect = inspectConfig()
  const verdict = await verify(path, expected, inspect).catch((error: unknown) => {
    throw asInputError(error, path)
  })
  const isFile = path !== '-'
  stdout.write(
    values.json ? verdictJson(verdict, isFile ? path : undefined) : renderVerdict(verdict),
  )
  return verdict.refusal ? 1 : 0
}

async function verify(
  path: string,
  expected: Digest,
  { maxRatio, maxInflatedBytes, maxEntries, overLimit }: Config['inspect'],
): Promise<Verdict> {
  using file = await openInput(path)
  return await reachVerdict(file, expected, {
    limits: { ...defaultLimits, maxRatio, maxInflatedBytes, maxEntries },
    overLimit,
    onFailure: (error) => stderr.write(`The contents could not be inspected: ${text(error)}\n`),
  })
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        digest: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    })
  } catch (error) {
    throw new UsageError(text(error), { cause: error })
  }
}

function onlyFile([path, surplus]: readonly string[]): string {
  if (path === undefined) throw new UsageError('FILE is missing; see verify --help.')
  if (surplus !== undefined) throw new UsageError(`Unknown argument ${JSON.stringify(surplus)}.`)
  return path
}

function givenDigest(digest: string | undefined): Digest {
  if (digest === undefined) throw new UsageError('--digest is missing; see verify --help.')
  try {
    return parseDigest(digest)
  } catch (error) {
    if (!(error instanceof LayergateError)) throw error
    throw new UsageError(`${error.message} ${error.entry.advice}`, { cause: error })
  }
}

/** As the service reads them, which needs more settings than this command. */
function inspectConfig(): Config['inspect'] {
  const own = Object.fromEntries(inspectSettings.map(({ name }) => [name, env[name]]))
  return loadConfig({ ...own, [settings.upstream.name]: 'sandbox' }).inspect
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
