import { setTimeout as sleep } from 'node:timers/promises'
import { askService } from '../../../../src/commands/forwards/ask-service.ts'
import type { Question, Reply } from '../../../../src/commands/forwards/question.ts'
import type { Blob } from '../../chaos/support/blobs.ts'
import { credentials } from './policy.ts'
import type { Site } from './site.ts'

const tries = 500
const pauseMs = 15

/** An operator looks at the status page and at what is owed, has one layer retried, and gives another one up. */
export async function operate(
  site: Site,
  repository: string,
  retried: Blob,
  dropped: Blob,
): Promise<void> {
  await look(site)
  await order(site, { method: 'GET', path: '/v1/forwards' })
  const about = (path: string, { digest }: Blob): Question => ({
    method: 'POST',
    path,
    body: { repository, digest },
  })
  await order(site, about('/v1/forwards/retry', retried))
  await order(site, about('/v1/forwards/drop', dropped))
}

async function look(site: Site): Promise<void> {
  for (let left = tries; left > 0; left -= 1) {
    const url = await site.url()
    const page = await fetch(url, { headers: credentials }).catch(() => undefined)
    await page?.text().catch(() => undefined)
    if (page?.status === 200) return
    await sleep(pauseMs)
  }
  throw new Error(`No service showed its status page in ${tries} tries.`)
}

/** Until a service answers, whatever it says: an order that was carried out before it died finds nothing to do. */
async function order({ dataDir }: Site, question: Question): Promise<Reply> {
  for (let left = tries; left > 0; left -= 1) {
    const reply = await askService(dataDir, question).catch(() => undefined)
    if (reply && 'status' in reply && reply.status < 500) return reply
    await sleep(pauseMs)
  }
  throw new Error(`${question.path}: no service answered in ${tries} tries.`)
}
