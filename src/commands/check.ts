import { env, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import type { Policy } from '../access/policy/policy.ts'
import { PolicyError } from '../access/policy/policy-error.ts'
import { loadConfig } from '../config/config.ts'
import { settings } from '../config/settings.ts'
import { watchAnswerReader } from './answer-reader.ts'
import { loadPolicy } from './check/load-policy.ts'
import { questionOf, repositoryNamed } from './check/question.ts'
import { renderVerdict } from './check/verdict.ts'
import { UsageError } from './usage-error.ts'

const usage = `Usage: layergate check [--aws [--repository R]]
       layergate check --agent NAME --repository R --action ACTION
       layergate check --issuer NAME --claims FILE [--repository R --action ACTION]

Validates the configuration and, where ${settings.policy.name} names one, the policy.

  --agent NAME      an agent of the policy, or ISSUER/RULE: that rule alone
  --issuer NAME     an issuer of the policy
  --claims FILE     the claims of one of its tokens, as JSON; - is standard input
  --repository R    as agents write it
  --action ACTION   push or pull; observe goes without a repository
  --aws             tries credentials and permissions too, with calls that change nothing; with --repository, in that one
  --help            this text

The exit status is 0 when all is well, or the action is allowed; 1 when it is denied, or AWS does not let us; 2 when the configuration or the
policy makes no sense.
`

/**
 * The command `check`.
 *
 * @returns 1 when what was asked for is denied; 2 when the policy makes no sense
 * @throws ConfigError naming all problems; UsageError
 */
export async function runCheck(args: string[]): Promise<number> {
  watchAnswerReader(2)
  const values = parse(args)
  if (values.help) {
    stdout.write(usage)
    return 0
  }
  const config = loadConfig(env)
  const policy = await loadPolicy(config).catch((error: unknown) => {
    if (!(error instanceof PolicyError)) throw error
    stderr.write(`${config.access.policyFile}: ${error.message}\n`)
    return 'invalid' as const
  })
  if (policy === 'invalid') return 2
  const question = await questionOf(values, policy)
  if (question) {
    const { text, isAllowed } = renderVerdict(question)
    stdout.write(text)
    return isAllowed ? 0 : 1
  }
  stdout.write(`The configuration is valid: layers go to ${config.upstream.kind}.\n`)
  stdout.write(summaryOf(policy, config.access.policyFile))
  if (!values.aws) return 0
  const { checkAws } = await import('./check/aws.ts')
  const { repository } = values
  return checkAws(
    config,
    policy,
    repository === undefined ? {} : { repository: repositoryNamed(repository) },
  )
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        agent: { type: 'string' },
        issuer: { type: 'string' },
        claims: { type: 'string' },
        repository: { type: 'string' },
        action: { type: 'string' },
        aws: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function summaryOf(policy: Policy | undefined, path: string | undefined): string {
  if (!policy) return 'There is no policy: nobody is asked who they are.\n'
  const { destinations, agents, issuers } = policy
  const counts = [
    `${destinations.length} destination(s)`,
    `${agents.length} agent(s)`,
    `${issuers.length} issuer(s)`,
  ]
  return `The policy ${path} is valid: ${counts.join(', ')}.\n`
}
