import { graph } from '../panels.ts'
import { rate, series, sumBy } from '../queries.ts'

const backlog = series('layergate_forward_backlog_bytes')
const drained = rate('layergate_forwarded_bytes_total')

/** The disk that layers wait on, and the process that moves them. */
export const spoolAndProcess = {
  title: 'Spool and process',
  panels: [
    graph({
      title: 'Spool',
      description:
        'A full spool is normal: it is a cache, too. A spool full of what is owed takes no more uploads.',
      unit: 'bytes',
      queries: [
        { expr: `sum(${series('layergate_spool_bytes')})`, legend: 'taken' },
        { expr: `sum(${backlog})`, legend: 'owed' },
        { expr: `sum(${series('layergate_spool_capacity_bytes')})`, legend: 'capacity' },
      ],
    }),
    graph({
      title: 'Age of the oldest owed layer',
      description: 'Parked ones left out.',
      unit: 's',
      queries: [
        {
          expr: `max by (instance) (${series('layergate_forward_oldest_seconds')})`,
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'Time to drain the backlog',
      description: 'At the present rate. Very large while layers are owed and nothing is sent.',
      unit: 's',
      queries: [
        {
          expr: `sum by (instance) (${backlog}) / clamp_min(${sumBy('instance', drained)}, 1)`,
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'CPU',
      description: 'Cores in use. Hashing and inspecting layers run in threads of their own.',
      unit: 'none',
      queries: [
        {
          expr: sumBy('instance', rate('process_cpu_seconds_total')),
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'Memory',
      description: 'Layers are not held in memory: growth with the number of uploads is bounded.',
      unit: 'bytes',
      queries: [
        {
          expr: `sum by (instance) (${series('process_resident_memory_bytes')})`,
          legend: '{{instance}} resident',
        },
        {
          expr: `sum by (instance) (${series('nodejs_heap_size_used_bytes')})`,
          legend: '{{instance}} heap',
        },
      ],
    }),
    graph({
      title: 'Delay of the event loop, 99 %',
      description: 'While it is long, every request waits.',
      unit: 's',
      queries: [
        {
          expr: `max by (instance) (${series('nodejs_eventloop_lag_p99_seconds')})`,
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'Open files and sockets',
      description: 'At its limit no connection is accepted any more.',
      unit: 'none',
      queries: [
        {
          expr: `sum by (instance) (${series('process_open_fds')})`,
          legend: '{{instance}} open',
        },
        {
          expr: `sum by (instance) (${series('process_max_fds')})`,
          legend: '{{instance}} limit',
        },
      ],
    }),
    graph({
      title: 'Garbage collection',
      description: 'Share of the time that the main thread spends on it.',
      unit: 'percentunit',
      queries: [
        {
          expr: sumBy('instance', rate('nodejs_gc_duration_seconds_sum')),
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'Time since the start',
      description: 'Where it falls to zero, the process was started anew: read the end of its log.',
      unit: 's',
      queries: [
        {
          expr: `time() - max by (instance) (${series('process_start_time_seconds')})`,
          legend: '{{instance}}',
        },
      ],
    }),
  ],
}
