import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** Archives as real tools write them. They are kept compressed, in base64. */
export interface RealArchive {
  readonly name: string
  /** What wrote it. */
  readonly command: string
  readonly entries: number
}

/**
 * Of GNU tar 1.34, bsdtar 3.6.2, the tarfile of Python 3.11 and git 2.39. The folder `d` holds two names of one file, a symbolic link, a
 * pipe, a path of 250 bytes, a name that is no UTF-8, and `holes`, a sparse file of 1 MiB.
 */
export const realArchives: readonly RealArchive[] = [
  { name: 'gnu', command: 'tar --format=gnu -cf', entries: 8 },
  { name: 'gnu-pax', command: 'tar --format=pax -cf', entries: 8 },
  { name: 'gnu-v7', command: 'tar --format=v7 -cf', entries: 5 },
  { name: 'gnu-sparse-0.0', command: 'tar -S --format=pax --sparse-version=0.0 -cf', entries: 2 },
  { name: 'gnu-sparse-0.1', command: 'tar -S --format=pax --sparse-version=0.1 -cf', entries: 2 },
  { name: 'gnu-sparse-1.0', command: 'tar -S --format=pax --sparse-version=1.0 -cf', entries: 2 },
  { name: 'bsd-pax', command: 'bsdtar --format=pax -cf', entries: 8 },
  { name: 'bsd-ustar', command: 'bsdtar --format=ustar -cf', entries: 6 },
  { name: 'py-ustar', command: 'TarFile.addfile, USTAR_FORMAT', entries: 2 },
  { name: 'py-gnu', command: 'TarFile.addfile, GNU_FORMAT', entries: 3 },
  { name: 'py-pax', command: 'TarFile.addfile, PAX_FORMAT', entries: 3 },
  { name: 'git', command: 'git archive --format=tar', entries: 1 },
]

/** One that containerd and Docker cannot unpack: made with `tar -S --format=gnu -cf`. */
export const oldSparseArchive = 'gnu-sparse-old'

export function realArchive(name: string): Buffer {
  const path = new URL(`../fixtures/${name}.tar.gz.base64`, import.meta.url)
  return gunzipSync(Buffer.from(readFileSync(path, 'utf8'), 'base64'))
}
