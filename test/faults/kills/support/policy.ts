import { createHash } from 'node:crypto'

const token = 'token-of-the-builders'

/** What every agent sends, and whoever looks on. A service without a policy takes no notice. */
export const credentials = { authorization: `Bearer ${token}` } as const

/** One agent may do everything, and what repository is missing is created. */
export const policy = JSON.stringify({
  version: 1,
  destinations: [{ name: 'all', repositories: ['**'], createRepositories: true }],
  agents: [
    {
      name: 'builders',
      tokens: [`sha256:${createHash('sha256').update(token).digest('hex')}`],
      grants: [{ repositories: ['**'], actions: ['push', 'observe'] }],
    },
  ],
})
