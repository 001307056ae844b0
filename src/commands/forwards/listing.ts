import { durationText, plain, sizeText } from '../../registry/plain-text.ts'
import type { Debt, Listed } from './question.ts'

const states: Readonly<Record<Debt['state'], string>> = {
  held: 'held',
  owed: 'waiting',
  forwarding: 'sending',
  parked: 'parked',
  parked_for_good: 'parked for good',
}

const heads = ['state', 'age', 'size', 'attempts', 'repository', 'digest', 'next try', 'agent']

/** For people: a line for each debt, below it what went wrong last, and what it comes to in all. */
export function renderList({ at, forwards, hasMore, totals }: Listed): string {
  if (forwards.length === 0) return 'Nothing is owed.\n'
  const nowMs = Date.parse(at)
  const hasRegistries = new Set(forwards.map(({ registry }) => registry)).size > 1
  const rows = forwards.map((debt) => cellsOf(debt, nowMs, hasRegistries))
  const columns = hasRegistries ? [...heads, 'registry'] : heads
  const [head = '', ...lines] = aligned([columns, ...rows])
  const body = lines.flatMap((line, index) => {
    const error = forwards[index]?.error
    return error ? [line, `    ${plain(error.code)}: ${plain(error.detail)}`] : [line]
  })
  const more = hasMore
    ? [`These are the ${forwards.length} that are owed for longest; --limit shows more.`]
    : []
  return `${[head, ...body, '', ...more, totalLine(totals)].join('\n')}\n`
}

function cellsOf(debt: Debt, nowMs: number, hasRegistries: boolean): readonly string[] {
  const cells = [
    states[debt.state] ?? debt.state,
    durationText(nowMs - Date.parse(debt.recordedAt)),
    sizeText(debt.sizeBytes),
    String(debt.attempts),
    debt.repository,
    debt.digest,
    nextTry(debt, nowMs),
    debt.agent,
  ]
  return (hasRegistries ? [...cells, debt.registry] : cells).map(plain)
}

function nextTry({ dueAt }: Debt, nowMs: number): string {
  if (dueAt === undefined) return '-'
  const inMs = Date.parse(dueAt) - nowMs
  return inMs > 0 ? `in ${durationText(inMs)}` : 'now'
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function totalLine(totals: Listed['totals']): string {
  const { waiting, parked, parkedForGood, held, heldBytes, backlogBytes, owedLayers } = totals
  const sending = Math.max(0, owedLayers - waiting)
  const counts = `${waiting} waiting, ${sending} sending, ${parked} parked`
  const others = `${parkedForGood} parked for good; ${held} held, ${sizeText(heldBytes)}`
  return `In all: ${counts}, ${sizeText(backlogBytes)} together; ${others}.`
}
