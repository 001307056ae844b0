import type { Sandbox } from '../../../../src/sandbox/sandbox.ts'
import type { Random } from '../../chaos/support/random.ts'
import { type Blob, blobOf, randomBytes } from '../../chaos/support/blobs.ts'
import { type Agent, ask, surprise } from './agent.ts'
import { putImage } from './image.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { Legacy } from './legacy.ts'
import { untilForwarded, untilGivenUp, untilLayer } from './layer-state.ts'
import { operate } from './operator.ts'
import { acknowledge, cancel, mount, pushForm, pushRaw, pushStream, pushWrong } from './push.ts'
import { finishSession, pushChunks } from './session.ts'
import type { Site } from './site.ts'

/** A little of everything that agents do, several of them at once. */
export async function work(
  site: Site,
  legacy: Legacy,
  ledger: Ledger,
  random: Random,
): Promise<void> {
  const { sandbox } = site
  const agentOf = (repository: string): Agent => ({ ledger, repository, url: site.url })
  const app = agentOf('team/app')
  const other = agentOf('team/other')
  const drawing = () => {
    const own = random.fork()
    return (sizeBytes: number) => blobOf(randomBytes(own, sizeBytes))
  }
  const draw = drawing()

  const { owed, damaged, session } = legacy
  acknowledge(app, owed)
  for (const { digest } of [owed, session.blob]) {
    ledger.good.push({ repository: app.repository, digest })
  }

  const shared = draw(90_000)
  await Promise.all([
    pushRaw(app, shared).then(() => mountOrPush(other, shared, 'team/app')),
    pushForm(app, draw(40_000)),
    pushStream(app, draw(50_000)),
    pushWrong(agentOf('team/refused'), draw(30_000), draw(10)),
    pushHeld(agentOf('team/refused'), draw(30_000)),
    cancel(app, draw(20_000)),
    finishSession(app, session, 25_000, 'empty'),
    untilGivenUp(app, damaged).then(() => pushRaw(app, damaged)),
    untilForwarded(app, owed).then(() => pushDenied(app, sandbox, draw(35_000))),
    pushRaw(agentOf('team/new'), draw(45_000)),
    pushImages(app, drawing()),
    crowd(agentOf('team/spare'), drawing()),
    look(agentOf('team/spare'), draw(1)),
  ])
}

/** Two versions of a tag, the second after the first. */
async function pushImages(agent: Agent, draw: (sizeBytes: number) => Blob): Promise<void> {
  const base = draw(300_000)
  await pushChunks(agent, base, 120_000, 'empty')
  for (const sizeBytes of [500, 600]) {
    const config = draw(sizeBytes)
    const top = draw(60_000)
    await pushChunks(agent, config, sizeBytes, 'last bytes')
    await pushChunks(agent, top, 30_000, 'last bytes')
    await putImage(agent, 'latest', config, base, top)
  }
  await readBack(agent, base)
}

/**
 * What begins as gzip and is none is taken and held, until its time is over, and then told of as refused: as layers of an image nothing of
 * it may be sent, wherever the process dies.
 */
async function pushHeld(agent: Agent, { bytes }: Blob): Promise<void> {
  const broken = blobOf(Buffer.concat([Buffer.from('1f8b0800', 'hex'), bytes]))
  // It is never owed.
  await pushChunks({ ...agent, ledger: createLedger() }, broken, 20_000, 'empty')
  await untilLayer(agent, broken, (state) => state !== 'held')
  const path = `/v1/layers/${broken.digest}?repository=${agent.repository}`
  const answer = await ask(agent, 'GET', path)
  if (answer.status !== 404) surprise(agent, path, answer)
  const refusals = `/v1/refusals?repository=${agent.repository}`
  const told = await ask(agent, 'GET', refusals)
  if (!told.text.includes(broken.digest)) surprise(agent, refusals, told)
}

/** One layer needs a person first, and is tried again. */
async function pushDenied(agent: Agent, sandbox: Sandbox, blob: Blob): Promise<void> {
  const denied = { kind: 'exception', name: 'AccessDeniedException' } as const
  sandbox.addFault({ operation: 'InitiateLayerUpload', call: 1, fault: denied })
  await pushRaw(agent, blob)
}

async function mountOrPush(agent: Agent, blob: Blob, from: string): Promise<void> {
  if (!(await mount(agent, blob, from))) await pushChunks(agent, blob, 40_000, 'empty')
}

/** What a pull asks for. */
async function readBack(agent: Agent, blob: Blob): Promise<void> {
  const root = `/v2/${agent.repository}`
  for (const [method, path] of [
    ['GET', 'manifests/latest'],
    ['HEAD', 'manifests/latest'],
    ['GET', 'tags/list'],
    ['GET', `referrers/${blob.digest}`],
    ['GET', `blobs/${blob.digest}`],
  ] as const) {
    const answer = await ask(agent, method, `${root}/${path}`)
    if (answer.status !== 200 && answer.status !== 307) surprise(agent, `${method} ${path}`, answer)
  }
}

/** Asks for what is nowhere. */
async function look(agent: Agent, { digest }: Blob): Promise<void> {
  for (const [method, path] of [
    ['HEAD', `/v2/${agent.repository}/blobs/${digest}`],
    ['GET', `/v2/${agent.repository}/blobs/${digest}`],
    ['GET', `/v1/layers/${digest}?repository=${agent.repository}`],
  ] as const) {
    const answer = await ask(agent, method, path)
    if (answer.status !== 404) surprise(agent, `${method} ${path}`, answer)
  }
  const path = `/v1/refusals?repository=${agent.repository}`
  const answer = await ask(agent, 'GET', path)
  if (answer.text !== '{"refusals":[]}') surprise(agent, path, answer)
}

/** More bytes than the spool holds at once: older layers give way. */
async function crowd(agent: Agent, draw: (sizeBytes: number) => Blob): Promise<void> {
  for (let count = 0; count < 3; count += 1) await pushRaw(agent, draw(800_000))
}

/** What the spool may fill, so that `crowd` fills it. */
export const spoolMax = '2MiB'

/** What the legacy has was recorded longer ago: with its second failure it is given up. Nothing else fails twice once it is so old. */
export const forwardTtl = '1s'

/** AWS holds back its last answers, while layers come that nobody waits for, and an operator is at work. Ends when both are on their way. */
export async function workInOutage(site: Site, ledger: Ledger, random: Random): Promise<void> {
  const { sandbox, url } = site
  const repository = 'team/app'
  sandbox.addFault({ operation: 'CompleteLayerUpload', call: 'every', fault: { kind: 'stall' } })
  const kept = blobOf(randomBytes(random, 70_000))
  const dropped = blobOf(randomBytes(random, 70_001))
  await pushRaw({ ledger, repository, url }, kept, 'respond-async')
  // It is owed to nobody in the end, and may get there all the same.
  await pushRaw({ ledger: createLedger(), repository, url }, dropped, 'respond-async')
  ledger.good.push({ repository, digest: dropped.digest })
  await operate(site, repository, kept, dropped)
}
