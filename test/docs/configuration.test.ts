import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Setting, type SettingWithDefault, settings } from '../../src/config/settings.ts'
import { readPage, readPages, tableUnder } from './pages.ts'

const all: readonly (Setting<unknown> | SettingWithDefault<unknown>)[] = Object.values(settings)
const example = '.env.example'

function fallbackOf(setting: Setting<unknown>): string | undefined {
  return 'fallback' in setting ? String(setting.fallback) : undefined
}

test('docs/configuration.md lists every setting as it is, and no other', async () => {
  const expected = all.map((setting) => {
    const fallback = fallbackOf(setting)
    return [`\`${setting.name}\``, fallback ? `\`${fallback}\`` : 'none', setting.meaning]
  })
  assert.deepEqual(tableUnder(await readPage('docs/configuration.md'), 'Settings'), expected)
})

test('.env.example has the meaning and the default of every setting, in the order of the table', async () => {
  const { text } = await readPage(example)
  const [, ...entries] = text.trimEnd().split('\n\n')
  const expected = all.map((setting) => {
    return `# ${setting.meaning}\n# ${setting.name}=${fallbackOf(setting) ?? ''}`
  })
  assert.deepEqual(entries, expected)
})

/** Several settings are named at once by how they begin, with a `_` at the end. */
function isNamed(setting: string, name: string): boolean {
  return name.endsWith('_') ? setting.startsWith(name) : setting === name
}

test('no page names a setting that there is not', async () => {
  const names = all.map(({ name }) => name)
  const pages = [...(await readPages()), await readPage('docker-compose.yml')]
  const named = pages.flatMap(({ path, text }) =>
    (text.match(/\bLAYERGATE_[A-Z]\w*/g) ?? []).map((name) => ({ path, name })),
  )
  assert.ok(named.length > all.length)
  assert.deepEqual(
    named.filter(({ name }) => !names.some((known) => isNamed(known, name))),
    [],
  )
})
