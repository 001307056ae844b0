import assert from 'node:assert/strict'
import { after, before, describe, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import {
  arbitraryDamage,
  type Damage,
  damagedLayer,
  inside,
  outside,
} from '../../inspect/fuzz/support/arbitrary-layers.ts'
import { compressions } from '../../inspect/fuzz/support/seed-layers.ts'
import { toolsSkip } from './support/archive-tools.ts'
import {
  type Difference,
  goGzipReasons,
  goTarReasons,
  gzipReasons,
  type Reason,
  tarReasons,
  zstdReasons,
} from './support/differences.ts'
import {
  buildGoReader,
  go,
  goFolder,
  type Verdicts,
  verdictsOf,
  verdictsOfGo,
} from './support/verdicts.ts'
import { openWorkshop, type Workshop } from './support/workshop.ts'

const numRuns = 200
const seed = 20_261_128

const named = (start: string) => Object.keys(compressions).filter((name) => name.startsWith(start))

type Format = 'gzip' | 'zstd' | 'tar'

/** Damage that the tools are asked about: to the compression, or to the archive. */
const formats: Readonly<Record<Format, fc.Arbitrary<Damage>>> = {
  gzip: arbitraryDamage({ compressions: named('gzip'), changes: outside }),
  zstd: arbitraryDamage({ compressions: named('zstd'), changes: outside }),
  tar: arbitraryDamage({ compressions: ['none'], changes: inside }),
}

describe('the verdict on damaged layers', { skip: toolsSkip || go.skip }, () => {
  const cleanup = new AsyncDisposableStack()
  let workshop: Workshop
  before(async () => {
    workshop = await openWorkshop(cleanup)
    await buildGoReader(workshop)
    for (const [format, damage] of Object.entries(formats)) {
      await workshop.shell(`mkdir ${format}`)
      for (const [index, damaged] of fc.sample(damage, { seed, numRuns }).entries()) {
        await workshop.write(`${format}/${index}`, damagedLayer(damaged))
      }
    }
  })
  after(() => cleanup.disposeAsync())

  interface Said {
    readonly byTool: Verdicts
    readonly byGo?: Verdicts
  }

  /** Each difference has a reason, or the test fails. What is told are the counts. */
  async function compare(
    t: TestContext,
    folder: string,
    said: Said,
    reasons: readonly Reason[],
  ): Promise<void> {
    const counts = new Map<string, number>()
    const unexplained: string[] = []
    for (const [name, byTool] of said.byTool) {
      const file = await workshop.read(`${folder}/${name}`)
      const findings = await workshop.inspect(`${folder}/${name}`)
      const saidByGo = said.byGo?.get(name)
      const difference: Difference = {
        file,
        findings,
        said: byTool,
        ...(saidByGo !== undefined && { saidByGo }),
      }
      const isSame = !findings.unexamined && (findings.flaw === undefined) === (byTool === '')
      const reason = isSame ? 'agreed' : reasons.find(({ holds }) => holds(difference))?.because
      if (!reason) unexplained.push(inspect({ name, findings, byTool, saidByGo }))
      else counts.set(reason, (counts.get(reason) ?? 0) + 1)
    }
    for (const [reason, count] of counts) t.diagnostic(`${count}: ${reason}`)
    assert.deepEqual(unexplained, [])
    assert.ok((counts.get('agreed') ?? 0) > said.byTool.size / 2)
  }

  test('is that of gzip -t', async (t) => {
    const byTool = await verdictsOf(workshop, 'gzip', 'gzip -t < "$file"')
    await compare(t, 'gzip', { byTool }, gzipReasons)
  })

  test('is that of zstd -t', async (t) => {
    const byTool = await verdictsOf(workshop, 'zstd', 'zstd -q -t < "$file"')
    await compare(t, 'zstd', { byTool }, zstdReasons)
  })

  test('is that of tar -t', async (t) => {
    const byTool = await verdictsOf(workshop, 'tar', 'tar -tf "$file"')
    const byGo = await verdictsOfGo(workshop, 'tar')
    await compare(t, 'tar', { byTool, byGo }, tarReasons)
  })

  test('is that of Go, by which containerd and Docker read gzip', async (t) => {
    await compare(t, 'gzip', { byTool: await verdictsOfGo(workshop, 'gzip') }, goGzipReasons)
  })

  test('is that of Go, by which containerd and Docker read tar', async (t) => {
    await compare(t, 'tar', { byTool: await verdictsOfGo(workshop, 'tar') }, goTarReasons)
  })

  test("is Go's on the archives that its own tests have", async (t) => {
    await workshop.shell(`mkdir go; cp ${await goFolder()}/src/archive/tar/testdata/*.tar go`)
    await compare(t, 'go', { byTool: await verdictsOfGo(workshop, 'go') }, goTarReasons)
  })
})
