import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jsonObject, member } from '../../aws/json.ts'

/** The digest of the only manifest in a folder that holds an OCI image layout. */
export async function layoutManifestDigest(folder: string): Promise<string> {
  const index = jsonObject(JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')))
  const { manifests } = index
  if (!Array.isArray(manifests) || manifests.length !== 1) {
    throw new Error(`${folder} does not hold one manifest: ${JSON.stringify(index)}`)
  }
  return member(manifests[0], 'digest', 'string')
}
