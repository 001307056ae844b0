// Preloaded into a process, it writes how late its event loop ran into LOOP_DELAY_FILE each time that SIGUSR2 comes, and begins anew.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { env } from 'node:process'

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
process.on('SIGUSR2', () => {
  const p99Ms = delay.percentile(99) / 1e6
  const maxMs = delay.max / 1e6
  writeFileSync(env['LOOP_DELAY_FILE'] ?? '/dev/null', JSON.stringify({ p99Ms, maxMs }))
  delay.reset()
})
