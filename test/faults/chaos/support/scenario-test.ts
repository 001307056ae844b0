import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RunReport, run, type Scenario } from './run.ts'
import { seedsToRun } from './seeds.ts'

export interface ScenarioTest extends Scenario {
  /** How many seeds are run, unless the environment says otherwise. */
  readonly seeds: number
  /** The kinds of faults that must be met with these seeds, or they prove nothing. */
  readonly mustMeet: readonly string[]
}

/** Runs a scenario with several seeds, one after the other, and tells what each came to. Each has a test, and so a time limit, of its own. */
export function scenarioTest(name: string, scenario: ScenarioTest): void {
  const seeds = seedsToRun(scenario.seeds)
  const met = new Set<string>()

  describe(name, () => {
    for (const seed of seeds) {
      test(`with seed ${seed}`, async (t) => {
        const report = await run(t, scenario, seed)
        t.diagnostic(lineOf(seed, report))
        for (const [kind, times] of Object.entries(report.faults)) if (times > 0) met.add(kind)
        assertGood(scenario, seed, report)
      })
    }

    if (seeds.length < scenario.seeds) return
    test('and each kind of fault was met', () => {
      const never = scenario.mustMeet.filter((kind) => !met.has(kind))
      assert.deepEqual(never, [], 'faults that were never met')
    })
  })
}

function assertGood({ disk }: Scenario, seed: number, report: RunReport): void {
  const again = `FAULT_SEED=${seed} runs it alone`
  const { surprises, answers, ends } = report.ledger
  assert.deepEqual(surprises, [], again)
  if (disk === 0) assert.equal(answers['500 internal'], undefined, again)
  const { acknowledged } = ends
  assert.ok(acknowledged > pushesOf(report) / 2, `only ${acknowledged} were acknowledged; ${again}`)
}

function pushesOf({ ledger: { ends } }: RunReport): number {
  return ends.acknowledged + ends.refused + ends['given up']
}

function lineOf(seed: number, report: RunReport): string {
  const { ends, answers } = report.ledger
  return `seed ${seed}: ${pushesOf(report)} pushes (${listed(ends)}); answers ${listed(answers)}; faults ${listed(report.faults)}`
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, times]) => `${what} ${times}`)
    .join(', ')
}
