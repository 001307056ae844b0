import assert from 'node:assert/strict'
import type { Sandbox } from '../../../../src/sandbox/sandbox.ts'
import { until } from '../../../support/until.ts'
import { nameOf } from '../../invariants.ts'
import type { AcknowledgedLayer, LayerThere } from '../../invariants.ts'
import { createLedger, type Ledger } from '../../kills/support/ledger.ts'
import { cancelAt } from '../../kills/support/push.ts'
import { finishSession, type OpenSession, UploadGone } from '../../kills/support/session.ts'

/** What agents had been told at one moment, and what was in ECR Public then. */
export interface Promises {
  readonly acknowledged: readonly AcknowledgedLayer[]
  /** What had been sent with its right bytes by then, or had begun to be. */
  readonly good: readonly LayerThere[]
  /** The same, with wrong ones. */
  readonly refused: readonly LayerThere[]
  readonly sessions: readonly OpenSession[]
  /** Uploads whose client asked for their end, and has no answer yet. */
  readonly cancelled: readonly string[]
  readonly forwarded: ReadonlySet<string>
}

/** What agents know while they are at work. */
export interface Knowledge {
  readonly ledger: Ledger
  /** By location. */
  readonly sessions: ReadonlyMap<string, OpenSession>
  readonly cancelled: ReadonlySet<string>
}

export function promisesOf({ ledger, sessions, cancelled }: Knowledge, sandbox: Sandbox): Promises {
  return {
    acknowledged: [...ledger.acknowledged],
    good: [...ledger.good],
    refused: [...ledger.refused],
    sessions: [...sessions.values()],
    cancelled: [...cancelled],
    forwarded: layersIn(sandbox),
  }
}

export function layersIn(sandbox: Sandbox): ReadonlySet<string> {
  const { repositories } = sandbox.state()
  return new Set(
    repositories.flatMap(({ name: repository, layers }) =>
      layers.map(({ digest }) => nameOf({ repository, digest })),
    ),
  )
}

/**
 * The service at `url`, which forwards to `sandbox`, keeps them all: each acknowledged layer gets there unless it was there before, and each
 * upload goes on where its client was told that it stands, or later, and becomes the layer that it was to be.
 *
 * @returns every layer that is acknowledged now
 */
export async function assertKept(
  { acknowledged, sessions, cancelled, forwarded }: Promises,
  url: string,
  sandbox: Sandbox,
): Promise<readonly AcknowledgedLayer[]> {
  const ledger = createLedger()
  const someone = { ledger, repository: 'team/app', url: async () => url }
  for (const location of cancelled) await cancelAt(someone, location)
  for (const session of sessions) {
    await finishSession(
      { ...someone, repository: session.repository },
      session,
      50_000,
      'empty',
    ).catch((error: unknown) => {
      // A last request that brought bytes: nothing was promised of it but the chunks before, and the layer is there or comes anew.
      if (!(error instanceof UploadGone)) throw error
    })
  }
  assert.deepEqual(ledger.surprises, [])
  const all = [...acknowledged, ...ledger.acknowledged]
  for (const layer of all) {
    if (forwarded.has(nameOf(layer))) continue
    await until(`${nameOf(layer)} is forwarded`, () => layersIn(sandbox).has(nameOf(layer)))
  }
  return all
}
