import type { Compression, Contents } from '../registry/findings.ts'

/** How many bytes have to be seen before the compression is known. */
export const compressionBytes = 4
/** How many bytes have to be seen before it is known what is no tar archive. */
export const contentsBytes = 512

/** By the magic numbers of RFC 1952, 2.3.1 and RFC 8878, 3.1.1 and 3.1.2 (a frame to be skipped may come first). */
export function sniffCompression(head: Uint8Array): Compression {
  const [first = 0, second = 0, third = 0, fourth = 0] = head
  if (first === 0x1f && second === 0x8b) return 'gzip'
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return 'zstd'
  if (first >> 4 === 0x5 && second === 0x2a && third === 0x4d && fourth === 0x18) return 'zstd'
  return 'none'
}

/** A guess for people, at what turned out to be no tar archive. */
export function sniffOpaque(head: Uint8Array): Exclude<Contents, 'tar' | 'empty'> {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1')
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|body)\b/i.test(text)) return 'html'
  const isLong = text.length >= 64
  const isBase64 = /^[A-Za-z0-9+/\r\n]+={0,2}\s*$/.test(text)
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text)
  return isLong && isBase64 && isMixed ? 'base64' : 'opaque'
}
