import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { getActiveResourcesInfo, platform } from 'node:process'

/** What keeps this process alive, by kind: sockets, servers, timers, threads. */
export type WhatIsOpen = ReadonlyMap<string, number>

export function whatIsOpen(): WhatIsOpen {
  const open = new Map<string, number>()
  for (const kind of getActiveResourcesInfo()) open.set(kind, (open.get(kind) ?? 0) + 1)
  return open
}

/** The event loop closes handles a few turns after they were told to. */
const turns = 1_000

/**
 * After everything was closed nothing is open that was not so `before`, and no file in `folder`.
 *
 * @param before from `whatIsOpen`, before the first service was started
 */
export async function checkNothingIsLeft(before: WhatIsOpen, folder: string): Promise<void> {
  for (let turn = 0; turn < turns && leftSince(before, folder).length > 0; turn += 1) {
    await setImmediate()
  }
  assert.deepEqual(leftSince(before, folder), [])
}

function leftSince(before: WhatIsOpen, folder: string): readonly string[] {
  const more = [...whatIsOpen()].filter(
    // The turns of the waiting itself.
    ([kind, count]) => kind !== 'Immediate' && count > (before.get(kind) ?? 0),
  )
  return [...more.map(([kind, count]) => `${kind}: ${count}`), ...openFiles(folder)]
}

/** Where the system tells; elsewhere nothing is known. */
function openFiles(folder: string): readonly string[] {
  if (platform !== 'linux') return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? [path] : []
    } catch {
      // It was closed meanwhile, as that of the listing itself.
      return []
    }
  })
}
