import { graph } from '../panels.ts'
import { ofDestination, ofRepository, quantile, rate, series, sumBy } from '../queries.ts'

const requests = 'layergate_upstream_requests_total'
const quota = `max by (destination, operation) (${series('layergate_upstream_quota_per_second', ofDestination)})`

/** The calls to ECR Public: what it answers, and what the account allows. */
export const upstream = {
  title: 'Upstream',
  panels: [
    graph({
      title: 'Calls by operation',
      description: 'Each attempt counts.',
      unit: 'reqps',
      queries: [
        { expr: sumBy('operation', rate(requests, ofDestination)), legend: '{{operation}}' },
      ],
    }),
    graph({
      title: 'Exceptions',
      description: 'What ECR Public answered instead of success, or how the network failed.',
      unit: 'reqps',
      queries: [
        {
          expr: `${sumBy('operation, outcome', rate(requests, ofDestination, 'outcome!="success"'))} > 0`,
          legend: '{{outcome}} to {{operation}}',
        },
      ],
    }),
    graph({
      title: 'Retries by reason',
      description:
        'throttled: somebody else uses the same quota, or it is less than configured. credentials: they were fetched anew.',
      unit: 'reqps',
      queries: [
        {
          expr: sumBy('operation, reason', rate('layergate_upstream_retries_total', ofDestination)),
          legend: '{{operation}} {{reason}}',
        },
      ],
    }),
    graph({
      title: 'Use of the quota',
      description:
        'Share of the calls that our limiter lets through. Near 100 % the calls wait: ask AWS for a higher quota, or push fewer small layers.',
      unit: 'percentunit',
      queries: [
        {
          expr: `${sumBy('destination, operation', rate(requests, ofDestination))} / on (destination, operation) ${quota}`,
          legend: '{{destination}} {{operation}}',
        },
      ],
    }),
    graph({
      title: 'Wait in the limiter, 95 %',
      description: 'Time that an attempt waited here before it was sent.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.95, 'layergate_upstream_wait_seconds', ['operation'], ofDestination),
          legend: '{{operation}}',
        },
      ],
    }),
    graph({
      title: 'Quota',
      description:
        'Calls per second that our limiter lets through; less for a while after a throttle.',
      unit: 'reqps',
      queries: [{ expr: quota, legend: '{{destination}} {{operation}}' }],
    }),
    graph({
      title: 'Time of calls, 95 %',
      description: 'Time that ECR Public took to answer one attempt.',
      unit: 's',
      queries: [
        {
          expr: quantile(
            0.95,
            'layergate_upstream_request_duration_seconds',
            ['operation'],
            ofDestination,
          ),
          legend: '{{operation}}',
        },
      ],
    }),
    graph({
      title: 'Credentials fetched anew',
      description: 'failed: their source is away or has none, and nothing can be sent.',
      unit: 'cps',
      queries: [
        {
          expr: sumBy(
            'destination, outcome',
            rate('layergate_credentials_refresh_total', ofDestination),
          ),
          legend: '{{destination}} {{outcome}}',
        },
      ],
    }),
    graph({
      title: 'Forwards by outcome',
      description: 'What became of the layers that were owed to ECR Public.',
      unit: 'cps',
      isStacked: true,
      queries: [
        {
          expr: sumBy('outcome', rate('layergate_layer_forwards_total', ofRepository)),
          legend: '{{outcome}}',
        },
      ],
    }),
    graph({
      title: 'Time of a forward',
      description: 'From the start of a forward to ECR Public having the layer.',
      unit: 's',
      columns: 12,
      queries: [0.5, 0.95, 0.99].map((share) => ({
        expr: quantile(share, 'layergate_forward_duration_seconds'),
        legend: `${share * 100} %`,
      })),
    }),
    graph({
      title: 'Forwards at once',
      description: 'Layers that are owed to ECR Public, by what they do.',
      unit: 'none',
      columns: 12,
      isStacked: true,
      queries: [
        { expr: `sum(${series('layergate_forwards_in_progress')})`, legend: 'in progress' },
        { expr: `sum(${series('layergate_forwards_waiting')})`, legend: 'waiting' },
        { expr: `sum(${series('layergate_forwards_parked')})`, legend: 'parked' },
      ],
    }),
  ],
}
