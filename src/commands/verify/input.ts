import { createWriteStream, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stdin } from 'node:process'
import { pipeline } from 'node:stream/promises'
import { getSystemErrorMessage } from 'node:util'
import { type ByteFile, openByteFile } from '../../inspect/byte-file.ts'
import { UsageError } from '../usage-error.ts'

/**
 * The bytes of a file; `-` is standard input.
 *
 * @throws UsageError when it is no regular file; Error of the operating system, see `asInputError`
 */
export async function openInput(path: string): Promise<ByteFile> {
  if (path === '-') return keepStandardInput()
  const stats = statSync(path)
  if (stats.isDirectory()) throw new UsageError(`${JSON.stringify(path)} is a directory.`)
  if (stats.isFile()) return openByteFile(path)
  // They are read more than once, which no pipe allows.
  throw new UsageError(`${JSON.stringify(path)} is no file; what a pipe gives is read by FILE "-".`)
}

async function keepStandardInput(): Promise<ByteFile> {
  const { written, kept } = openNameless()
  try {
    await pipeline(stdin, createWriteStream('', { fd: written }))
    return kept
  } catch (error) {
    kept[Symbol.dispose]()
    throw error
  }
}

/** A file whose name is gone before its first byte comes: however this process ends, nothing of it stays. */
function openNameless(): { readonly written: number; readonly kept: ByteFile } {
  const folder = mkdtempSync(join(tmpdir(), 'layergate-verify-'))
  try {
    const path = join(folder, 'input')
    return { written: openSync(path, 'wx', 0o600), kept: openByteFile(path) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @returns a UsageError, or `error` itself when it is not one of the operating system */
export function asInputError(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'errno' in error)) return error
  const why = getSystemErrorMessage(Number(error.errno))
  const message =
    path === '-'
      ? `Standard input cannot be read, or kept in ${tmpdir()} (see TMPDIR): ${why}.`
      : `${JSON.stringify(path)} cannot be read: ${why}.`
  return new UsageError(message, { cause: error })
}
