#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=131072 node --max-semi-space-size=4
import { enableCompileCache } from 'node:module'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'

// Before anything else is loaded, hence the import below: what was compiled once is read from the cache, which makes the start
// twice as fast. Threads look for it in the environment: without it each takes the types off all its files anew.
env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('../.cache/compile', import.meta.url))
enableCompileCache(env['NODE_COMPILE_CACHE'])

const { runCommandLine } = await import('./commands/command-line.ts')
process.exitCode = await runCommandLine(process.argv.slice(2))
