import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { wrongMentions } from './mentions.ts'
import { type Page, readPages, root } from './pages.ts'

const { scripts }: { scripts: object } = JSON.parse(
  await readFile(new URL('package.json', root), 'utf8'),
)
const pages = await readPages()

function repositoryOf(all: readonly Page[]) {
  return {
    pages: new Map(all.map((page) => [page.path, page])),
    scripts: new Set(Object.keys(scripts)),
    exists: (path: string) => existsSync(new URL(path, root)),
  }
}

for (const page of pages) {
  test(`${page.path} mentions no link, path or npm script that is not there`, () => {
    assert.deepEqual(wrongMentions(page, repositoryOf(pages)), [])
  })
}

for (const [wrong, text] of [
  ['missing.md', 'See [this](missing.md).'],
  ['../missing.md', 'See [this](../missing.md).'],
  ['#no-such-heading', 'See [this](#no-such-heading).'],
  ['other.md#no-such-heading', 'See [this](other.md#no-such-heading).'],
  ['other.md#in-a-block', 'See [this](other.md#in-a-block).'],
  ['src/missing.ts', 'It is in `src/missing.ts`.'],
  ['bench/missing.ts', '```sh\nnode bench/missing.ts\n```'],
  ['missing:script', 'Run `npm run missing:script`.'],
  ['missing', '```sh\nnpm run --silent missing\n```'],
  ['/home/me/layergate', 'Open /home/me/layergate and look.'],
] as const) {
  test(`this test would see ${JSON.stringify(text)}`, () => {
    const page = { path: 'docs/page.md', text: `# A page\n\n${text}\n` }
    const other = { path: 'docs/other.md', text: '# Other\n\n```\n# In a block\n```\n' }
    assert.deepEqual(wrongMentions(page, repositoryOf([page, other])), [wrong])
  })
}

for (const text of [
  '[AWS](https://aws.amazon.com/ecr/#nothing)',
  '[a page](other.md), [its heading](other.md#what-for-1), [this heading](#a-page)',
  '[a file](../package.json) and `src/main.ts`',
  '`npm start`, `npm test`, `npm run check`',
  'the folder /var/lib/layergate of the image',
]) {
  test(`this test has nothing against ${JSON.stringify(text)}`, () => {
    const page = { path: 'docs/page.md', text: `# A \`page\`\n\n${text}\n` }
    const other = { path: 'docs/other.md', text: '# Other\n\n## What for?\n\n## What for?\n' }
    const repository = repositoryOf([page, other])
    const exists = (path: string) => path === other.path || repository.exists(path)
    assert.deepEqual(wrongMentions(page, { ...repository, exists }), [])
  })
}
