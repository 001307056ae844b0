import { parseArgs } from 'node:util'

export interface Options {
  readonly repository: string
  readonly endpoint: string | undefined
  readonly checkUpload: string | undefined
  readonly withThrottling: boolean
  readonly withLarge: boolean
  /** The person agreed to calls to an account of theirs. */
  readonly yes: boolean
}

export class UsageError extends Error {}

export const usage = `usage: scripts/probe-aws REPOSITORY [options]

Settles what Amazon ECR Public leaves undocumented, by calls to REPOSITORY: a repository that you
made for this and delete afterwards. Prints each finding, and last the sandbox switches that match.
Credentials come from the AWS SDK's default chain.

  --endpoint URL      another endpoint than AWS's, such as the sandbox
  --check-upload ID   only say whether the upload that an earlier run left is still there
  --with-throttling   also provoke throttling: disturbs other pushes of the account for seconds
  --with-large        also probe the number of parts and of layers: 2,500 calls, some minutes
  --yes               needed for every endpoint that is not on this machine
  --help`

/** Parses the command line; undefined when help was asked for. Throws UsageError. */
export function parseOptions(args: string[]): Options | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const [repository, ...others] = positionals
  if (repository === undefined) throw new UsageError('name a throwaway repository')
  if (others.length > 0) throw new UsageError(`one repository only, not also ${others.join(', ')}`)
  return {
    repository,
    endpoint: values.endpoint,
    checkUpload: values['check-upload'],
    withThrottling: values['with-throttling'],
    withLarge: values['with-large'],
    yes: values.yes,
  }
}

/** Whether the calls leave this machine, and so may cost and disturb somebody. */
export function isRemote(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return true
  if (!URL.canParse(endpoint)) throw new UsageError(`${endpoint} is not a URL`)
  return !['127.0.0.1', '[::1]', 'localhost'].includes(new URL(endpoint).hostname)
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        endpoint: { type: 'string' },
        'check-upload': { type: 'string' },
        'with-throttling': { type: 'boolean', default: false },
        'with-large': { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
