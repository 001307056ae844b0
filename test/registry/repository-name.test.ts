import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseRepositoryName } from '../../src/registry/repository-name.ts'
import { codeIs } from '../support/code-is.ts'

/** `RepositoryName` in the API model of ECR Public (2020-10-30), word for word; the lengths are 2 and 205. */
const modelPattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'

function isInModel(text: string): boolean {
  return text.length >= 2 && text.length <= 205 && new RegExp(`^${modelPattern}$`).test(text)
}

test('every name that the API model allows is taken as it is', () => {
  const names = fc.stringMatching(new RegExp(`^${modelPattern}$`)).filter(isInModel)
  fc.assert(fc.property(names, (name) => assert.equal(parseRepositoryName(name), name)))
})

test('a text is taken exactly when the API model allows it', () => {
  const texts = fc.string({
    unit: fc.constantFrom('a', 'b', '0', '.', '_', '-', '/', 'A', '%', '\n'),
    maxLength: 12,
  })
  fc.assert(
    fc.property(texts, (text) => {
      if (isInModel(text)) assert.equal(parseRepositoryName(text), text)
      else assert.throws(() => parseRepositoryName(text), codeIs('repository_name_invalid'))
    }),
    { numRuns: 2000 },
  )
})

for (const name of ['ab', '0a', 'a/b', 'team/app', 'a.b_c-d/e.f', 'a/b/c/d', 'a'.repeat(205)]) {
  test(`${name.slice(0, 20)} (${name.length} characters) is a repository name`, () => {
    assert.equal(parseRepositoryName(name), name)
  })
}

for (const [what, text] of Object.entries({
  'no text': '',
  'one character': 'a',
  '206 characters': 'a'.repeat(206),
  'two dots': 'team/a..b',
  'two underscores': 'team/a__b',
  'two hyphens': 'team/a--b',
  'two different separators': 'a.-b',
  'a way up': '../team',
  'a way up in between': 'team/../app',
  'a dot alone': 'team/./app',
  'upper case': 'Team/app',
  'a slash in front': '/team/app',
  'a slash behind': 'team/app/',
  'two slashes': 'team//app',
  'an encoded slash': 'team%2Fapp',
  'a backslash': String.raw`team\app`,
  'a separator in front': '-team',
  'a separator behind': 'team.',
  'a separator before a slash': 'team-/app',
  'a tag': 'team/app:latest',
  'a registry host': 'public.ecr.aws:443/team/app',
  'a space': 'team app',
  'a line end behind': 'team/app\n',
  'a zero byte': 'team\0app',
  'a letter of another alphabet': 'tеam/app',
})) {
  test(`${what} makes no repository name`, () => {
    assert.throws(() => parseRepositoryName(text), codeIs('repository_name_invalid'))
  })
}

test('the error quotes the first 60 characters and no more', () => {
  const expected = `"${'A'.repeat(60)}…" is not a repository name.`
  assert.throws(() => parseRepositoryName('A'.repeat(500)), { message: expected })
})
