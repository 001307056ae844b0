import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection, EcrPublicCall } from './ecr-public-call.ts'
import { jsonObject } from './json.ts'

/** What the AWS CLI reports on stderr: `name` is the exception's, as the server gave it. */
export class AwsCliException extends Error {
  constructor(name: string, message: string) {
    super(message)
    this.name = name
  }
}

/**
 * Runs `aws ecr-public`, a process per call. `home` is its home folder: an empty one keeps the
 * machine's AWS configuration out. Layer parts are written there, for the CLI to read.
 */
export function awsCli(executable: string, home: string) {
  let files = 0

  async function argument(value: unknown): Promise<string> {
    if (!Buffer.isBuffer(value)) return typeof value === 'string' ? value : JSON.stringify(value)
    files += 1
    const file = join(home, `part-${files}`)
    await writeFile(file, value)
    return `fileb://${file}`
  }

  return {
    connect({ endpoint, accessKeyId, secretAccessKey }: Connection): EcrPublicCall {
      const env = {
        HOME: home,
        LANG: 'C.UTF-8',
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_MAX_ATTEMPTS: '1',
      }
      return async (operation, input) => {
        const args = ['ecr-public', kebabCase(operation)]
        args.push('--endpoint-url', endpoint, '--region', 'us-east-1')
        for (const [name, value] of Object.entries(input)) {
          args.push(`--${kebabCase(name)}`, await argument(value))
        }
        return new Promise((resolve, reject) => {
          execFile(executable, args, { env }, (error, stdout, stderr) => {
            if (error === null) resolve(jsonObject(JSON.parse(stdout)))
            else reject(exceptionIn(stderr) ?? error)
          })
        })
      }
    },
  }
}

function kebabCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase()
}

function exceptionIn(stderr: string): AwsCliException | undefined {
  const [, name, message] =
    /An error occurred \((\w+)\) when calling the \w+ operation: (.*)/.exec(stderr) ?? []
  return name === undefined || message === undefined
    ? undefined
    : new AwsCliException(name, message)
}
