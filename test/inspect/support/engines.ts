import { syncBuiltinESMExports } from 'node:module'
import type { Transform } from 'node:stream'
import type { TestContext } from 'node:test'
import zlib from 'node:zlib'

/** The streams of `node:zlib` that the code under test makes from here on, to the end of the test. */
export function recordEngines(t: TestContext): Transform[] {
  const engines: Transform[] = []
  for (const name of ['createInflateRaw', 'createZstdDecompress'] as const) {
    const create = zlib[name]
    t.mock.method(zlib, name, (options: object) => {
      const engine = create(options)
      engines.push(engine)
      return engine
    })
  }
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  return engines
}
