import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html } from '../../../src/http/page/html.ts'

for (const [what, hostile, seen] of [
  ['a script', '<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
  ['the end of an attribute', '" onload="alert(1)', '&quot; onload=&quot;alert(1)'],
  ['the end of an attribute in single quotes', "' x='", '&#39; x=&#39;'],
  ['an entity', '&lt;b&gt;', '&amp;lt;b&amp;gt;'],
  ['an override of the direction', 'a\u202Egnp.exe\u2069', 'a\uFFFDgnp.exe\uFFFD'],
  ['control characters', 'a\u0000\u001B[31m\r\nb\u0085', 'a\uFFFD\uFFFD[31m\uFFFD\uFFFDb\uFFFD'],
  ['what cannot be seen', 'a\u200B\u200F\u2028\uFEFFb', 'a\uFFFD\uFFFD\uFFFD\uFFFDb'],
  ['half of a character', 'a\uD800b', 'a\uFFFDb'],
] as const) {
  test(`${what} in a value is text`, () => {
    assert.equal(
      html`<p title="${hostile}">${hostile}</p>`.toString(),
      `<p title="${seen}">${seen}</p>`,
    )
  })
}

test('words of any language stay as they are', () => {
  const words = 'Häuser, 日本語, שלום, 👍'
  assert.equal(html`${words}`.toString(), words)
})

test('markup in markup stays markup, and is escaped once', () => {
  const inner = html`<b>${'a & b'}</b>`
  assert.equal(html`<p>${inner}</p>`.toString(), '<p><b>a &amp; b</b></p>')
})

test('a list is written one after the other, whatever is in it', () => {
  assert.equal(html`${['<', html`<br>`, [1, '>']]}`.toString(), '&lt;<br>1&gt;')
})

test('what is absent or false is not written, and zero is', () => {
  assert.equal(html`[${undefined}${false}${''}${0}]`.toString(), '[0]')
})

test('nothing that only looks like markup is taken for it', () => {
  const lookAlike: unknown = { toString: () => '<script>', text: '<script>', length: 0 }
  // @ts-expect-error: the types refuse it, too.
  assert.throws(() => html`${lookAlike}`, TypeError)
})
