import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Texts that can be read back, and made by nobody else: `<words>.<HMAC>` in base64url. The key ends with the process. */
export interface Seal {
  readonly close: (...words: readonly string[]) => string
  /** The words, none of which may hold a space; undefined for a text that this seal did not make. */
  readonly open: (text: string) => readonly string[] | undefined
}

export function createSeal(): Seal {
  const key = randomBytes(32)
  const sign = (content: string): Buffer => createHmac('sha256', key).update(content).digest()

  return {
    close: (...words) => {
      const content = Buffer.from(words.join(' ')).toString('base64url')
      return `${content}.${sign(content).toString('base64url')}`
    },
    open: (text) => {
      const [, content = '', signature = ''] = /^([\w-]+)\.([\w-]+)$/.exec(text) ?? []
      const given = Buffer.from(signature, 'base64url')
      const expected = sign(content)
      const isOurs = given.length === expected.length && timingSafeEqual(given, expected)
      return isOurs ? Buffer.from(content, 'base64url').toString().split(' ') : undefined
    },
  }
}
