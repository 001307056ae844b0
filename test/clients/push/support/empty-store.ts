import type { Home } from './home.ts'

/** The options that give podman and buildah an image store of their own, with nothing in it. */
export async function emptyStore(home: Home): Promise<readonly string[]> {
  const root = await home.newFolder()
  const runRoot = await home.newFolder()
  return ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs']
}
