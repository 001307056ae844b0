import { argv, exit } from 'node:process'
import type { Switches } from '../../src/sandbox/switches.ts'
import { isRemote, type Options, parseOptions, usage, UsageError } from './options.ts'
import type { Question } from './question.ts'
import { absentLayer } from './questions/absent-layer.ts'
import { exceptions } from './questions/exceptions.ts'
import { invalidLayer } from './questions/invalid-layer.ts'
import { invalidPart } from './questions/invalid-part.ts'
import { layerCount } from './questions/layer-count.ts'
import { partCount } from './questions/part-count.ts'
import { partSize } from './questions/part-size.ts'
import { repeatedComplete } from './questions/repeated-complete.ts'
import { throttling } from './questions/throttling.ts'
import { checkUpload, unfinishedUpload } from './questions/unfinished-upload.ts'
import { openRepository, type ThrowawayRepository } from './throwaway-repository.ts'

try {
  const options = parseOptions(argv.slice(2))
  if (options) await probe(options)
  else console.log(usage)
} catch (error) {
  console.error(`probe-aws: ${error instanceof Error ? error.message : String(error)}`)
  exit(error instanceof UsageError ? 2 : 1)
}

async function probe(options: Options): Promise<void> {
  const questions = options.checkUpload === undefined ? questionsOf(options) : []
  announce(options, questions)
  if (isRemote(options.endpoint) && !options.yes) {
    throw new UsageError('nothing was called; add --yes to make these calls')
  }

  const repository = openRepository(options.repository, options.endpoint)
  try {
    if (options.checkUpload === undefined) await askAll(questions, repository)
    else console.log(await checkUpload(repository, options.checkUpload))
  } finally {
    repository.close()
  }
}

function questionsOf({ withThrottling, withLarge }: Options): readonly Question[] {
  return [
    partSize,
    invalidPart,
    invalidLayer,
    repeatedComplete,
    absentLayer,
    exceptions,
    unfinishedUpload,
    ...(withLarge ? [partCount, layerCount] : []),
    // Last: what comes after it would be throttled.
    ...(withThrottling ? [throttling] : []),
  ]
}

function announce({ repository, endpoint }: Options, questions: readonly Question[]): void {
  console.log(`Calls to ${endpoint ?? 'Amazon ECR Public'}, repository ${repository}, at most:`)
  if (questions.length === 0) console.log('- 1 UploadLayerPart, which is refused')
  for (const { topic, calls, effect } of questions) {
    const counts = Object.entries(calls).map(([operation, count]) => `${count} ${operation}`)
    console.log(`- ${topic}: ${counts.join(', ')}; ${effect}`)
  }
  console.log('A call that is throttled is made again, up to 5 times.')
}

async function askAll(
  questions: readonly Question[],
  repository: ThrowawayRepository,
): Promise<void> {
  const settled: Partial<Switches>[] = []
  for (const question of questions) {
    const { findings, switches } = await question.ask(repository)
    for (const finding of findings) console.log(`${question.topic}: ${finding}`)
    if (switches) settled.push(switches)
  }
  for (const [name, statusCode] of repository.statusCodes) {
    console.log(`status code of ${name}: ${statusCode}`)
  }
  console.log(JSON.stringify(Object.assign({}, ...settled)))
}
