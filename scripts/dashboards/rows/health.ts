import { stat } from '../panels.ts'
import { risen, series, shareOf } from '../queries.ts'

const good = (text: string) => ({ text, color: 'green' }) as const
const bad = (text: string) => ({ text, color: 'red' }) as const

/** What is looked at first: every value that is not green has a row below. */
export const health = {
  title: 'Health at a glance',
  panels: [
    stat({
      title: 'Services',
      description:
        'Whether Prometheus reaches the service. When it does not, agents do not either.',
      unit: 'none',
      columns: 3,
      words: { 0: bad('down'), 1: good('up') },
      queries: [{ expr: `min(${series('up')})`, legend: 'up' }],
    }),
    stat({
      title: 'Invalid at AWS',
      description:
        'Layers that AWS called invalid although they were verified here, and that a resend did not heal. More than zero is our fault or that of the disk.',
      unit: 'none',
      columns: 3,
      failFrom: 0.5,
      queries: [
        {
          expr: `sum(${risen('layergate_invalid_layers_total', 'stage="upstream"', 'cause!="in_transit"')})`,
          legend: 'layers',
        },
      ],
    }),
    stat({
      title: 'Refused uploads',
      description:
        'Share of the uploads that were refused for a fault of the layer, the request or its repository. Who and why is in the next row.',
      unit: 'percentunit',
      columns: 3,
      warnFrom: 0.01,
      failFrom: 0.1,
      queries: [
        {
          expr: shareOf(
            risen('layergate_layer_uploads_total', 'outcome="refused"'),
            risen('layergate_layer_uploads_total'),
          ),
          legend: 'refused',
        },
      ],
    }),
    stat({
      title: 'Answers that were our fault',
      description: 'Share of the HTTP requests that were answered with 5xx.',
      unit: 'percentunit',
      columns: 3,
      warnFrom: 0.001,
      failFrom: 0.01,
      queries: [
        {
          expr: shareOf(
            risen('layergate_http_requests_total', 'status=~"5.."'),
            risen('layergate_http_requests_total'),
          ),
          legend: '5xx',
        },
      ],
    }),
    stat({
      title: 'Parked layers',
      description:
        'Layers that are owed to ECR Public and need a person. `layergate forwards list` says why.',
      unit: 'none',
      columns: 3,
      failFrom: 1,
      queries: [{ expr: `sum(${series('layergate_forwards_parked')})`, legend: 'layers' }],
    }),
    stat({
      title: 'Oldest owed layer',
      description:
        'Age of the oldest layer that ECR Public does not have yet, parked ones left out.',
      unit: 's',
      columns: 3,
      warnFrom: 600,
      failFrom: 3600,
      queries: [{ expr: `max(${series('layergate_forward_oldest_seconds')})`, legend: 'age' }],
    }),
    stat({
      title: 'Spool taken by what is owed',
      description:
        'Owed layers cannot be evicted: a spool full of them takes no more uploads. What ECR Public already has does not count.',
      unit: 'percentunit',
      columns: 3,
      warnFrom: 0.7,
      failFrom: 0.95,
      queries: [
        {
          expr: `max(${series('layergate_forward_backlog_bytes')} / ${series('layergate_spool_capacity_bytes')})`,
          legend: 'owed',
        },
      ],
    }),
    stat({
      title: 'Version',
      description: 'The versions that run.',
      unit: 'none',
      columns: 3,
      isName: true,
      queries: [
        { expr: `count by (version) (${series('layergate_build_info')})`, legend: '{{version}}' },
      ],
    }),
    stat({
      title: 'Degraded',
      description:
        'What works worse than it should: the operations page has a section on each reason.',
      unit: 'none',
      columns: 16,
      words: { 0: good('no'), 1: bad('yes') },
      queries: [
        { expr: `max by (reason) (${series('layergate_degraded')})`, legend: '{{reason}}' },
      ],
    }),
    stat({
      title: 'Policy',
      description: 'Whether the policy file, as it was last read, is in force.',
      unit: 'none',
      words: { 0: bad('outdated'), 1: good('in force') },
      queries: [
        { expr: `min(${series('layergate_policy_last_reload_successful')})`, legend: 'policy' },
      ],
    }),
    stat({
      title: 'Authentication',
      description: 'Whether agents are asked who they are.',
      unit: 'none',
      words: { 0: good('on'), 1: bad('off') },
      queries: [{ expr: `max(${series('layergate_auth_disabled')})`, legend: 'authentication' }],
    }),
  ],
}
