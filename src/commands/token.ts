import { createHash, randomBytes } from 'node:crypto'
import { stderr, stdout } from 'node:process'
import { isName, nameRule } from '../access/policy/names.ts'
import { watchAnswerReader } from './answer-reader.ts'
import { UsageError } from './usage-error.ts'

const usage = `Usage: layergate token NAME

Makes a token for the agent NAME. The first line is the token, which is stored nowhere; the others are for the policy file,
which knows it by its hash alone.
`

const tokenBytes = 32

/** The command `token`. @throws UsageError */
export async function runToken([name, surplus]: string[]): Promise<void> {
  watchAnswerReader(1)
  if (name === '--help') {
    stdout.write(usage)
    return
  }
  if (name === undefined) throw new UsageError('NAME is missing; see token --help.')
  if (surplus !== undefined) throw new UsageError(`Unknown argument ${JSON.stringify(surplus)}.`)
  if (!isName(name)) throw new UsageError(`NAME ${nameRule}.`)

  const token = `lg_${randomBytes(tokenBytes).toString('base64url')}`
  const hash = createHash('sha256').update(token).digest('hex')
  stdout.write(`${token}\n  - name: ${name}\n    tokens: ["sha256:${hash}"]\n`)
  stderr.write(
    'The first line is the token: it is not shown again. The others belong into the policy, below "agents".\n',
  )
}
