import assert from 'node:assert/strict'
import test from 'node:test'
import { type RunReport, run, type Scenario } from './run.ts'
import { seedsToRun } from './seeds.ts'

export interface ScenarioTest extends Scenario {
  /** How many seeds are run, unless the environment says otherwise. */
  readonly seeds: number
  /** The kinds of faults that must be met with these seeds, or they prove nothing. */
  readonly mustMeet: readonly string[]
}

/** Runs a scenario with several seeds, one after the other, and tells what each came to. */
export function scenarioTest(name: string, scenario: ScenarioTest): void {
  test(name, async (t) => {
    const seeds = seedsToRun(scenario.seeds)
    const met: Record<string, number> = {}
    for (const seed of seeds) {
      const report = await run(t, scenario, seed)
      t.diagnostic(lineOf(seed, report))
      for (const [kind, times] of Object.entries(report.faults)) {
        met[kind] = (met[kind] ?? 0) + times
      }
      assert.deepEqual(report.ledger.surprises, [], `FAULT_SEED=${seed} runs it alone`)
      if (scenario.disk === 0) assert.equal(report.ledger.answers['500 internal'], undefined)
      const { acknowledged } = report.ledger.ends
      assert.ok(acknowledged > pushesOf(report) / 2, `only ${acknowledged} were acknowledged`)
    }
    if (seeds.length < scenario.seeds) return
    assert.deepEqual(
      scenario.mustMeet.filter((kind) => (met[kind] ?? 0) === 0),
      [],
      'faults that were never met',
    )
  })
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
