import { graph } from '../panels.ts'
import { ofRepository, quantile, rate, series, sumBy } from '../queries.ts'

const uploads = 'layergate_layer_uploads_total'

/** What agents send, and how long it takes them. */
export const pushes = {
  title: 'Pushes',
  panels: [
    graph({
      title: 'Uploads by outcome',
      description:
        'failed is our fault or that of AWS; aborted is a client that left or stood still.',
      unit: 'cps',
      isStacked: true,
      queries: [{ expr: sumBy('outcome', rate(uploads, ofRepository)), legend: '{{outcome}}' }],
    }),
    graph({
      title: 'Uploads by agent',
      description: 'The ten agents that send the most.',
      unit: 'cps',
      queries: [
        { expr: `topk(10, ${sumBy('agent', rate(uploads, ofRepository))})`, legend: '{{agent}}' },
      ],
    }),
    graph({
      title: 'Uploads that did not succeed by agent',
      description: 'One agent alone is a fault over there; all of them at once is one of ours.',
      unit: 'cps',
      queries: [
        {
          expr: `topk(10, ${sumBy('agent, outcome', rate(uploads, ofRepository, 'outcome!="verified"'))})`,
          legend: '{{agent}} {{outcome}}',
        },
      ],
    }),
    graph({
      title: 'Manifests by outcome',
      description: 'An image is there when its manifest is published.',
      unit: 'cps',
      isStacked: true,
      queries: [
        {
          expr: sumBy('outcome', rate('layergate_manifests_total', ofRepository)),
          legend: '{{outcome}}',
        },
      ],
    }),
    graph({
      title: 'Wait of manifests for their layers',
      description:
        'The clocks of some clients end at 30 seconds, and they are redirected then. When it grows, look at the limiter in the next row.',
      unit: 's',
      queries: quantilesOf('layergate_manifest_wait_seconds'),
    }),
    graph({
      title: 'Time of an upload',
      description: 'From the start of an upload to its verdict.',
      unit: 's',
      queries: quantilesOf('layergate_upload_duration_seconds'),
    }),
    graph({
      title: 'Uploads at once',
      description:
        'Those that wait are not read: every place is taken, or ECR Public is slower than the agents.',
      unit: 'none',
      queries: [
        { expr: `sum(${series('layergate_uploads_in_progress')})`, legend: 'in progress' },
        { expr: `sum(${series('layergate_uploads_waiting')})`, legend: 'waiting' },
      ],
    }),
    graph({
      title: 'Layer bytes',
      description: 'What agents sent, what ECR Public took, and what did not have to be sent.',
      unit: 'Bps',
      queries: [
        {
          expr: sumBy('entry', rate('layergate_received_bytes_total')),
          legend: 'received, {{entry}}',
        },
        { expr: `sum(${rate('layergate_forwarded_bytes_total')})`, legend: 'forwarded' },
        {
          expr: sumBy('reason', rate('layergate_saved_bytes_total')),
          legend: 'saved, {{reason}}',
        },
      ],
    }),
    graph({
      title: 'Size of layers',
      description: 'Sizes of the layers that were verified.',
      unit: 'bytes',
      queries: quantilesOf('layergate_layer_size_bytes'),
    }),
    graph({
      title: 'HTTP requests by status',
      description: '499 is a client that left.',
      unit: 'reqps',
      isStacked: true,
      queries: [
        { expr: sumBy('status', rate('layergate_http_requests_total')), legend: '{{status}}' },
      ],
    }),
    graph({
      title: 'Time of HTTP requests, 95 %',
      description: 'From the headers of a request to the end of its answer, by operation.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.95, 'layergate_http_request_duration_seconds', ['operation']),
          legend: '{{operation}}',
        },
      ],
    }),
    graph({
      title: 'Refused for who sent them',
      description:
        "credentials_missing is every client's first request. The others are an agent or a policy that is wrong.",
      unit: 'reqps',
      queries: [
        { expr: sumBy('reason', rate('layergate_auth_failures_total')), legend: '{{reason}}' },
      ],
    }),
  ],
}

function quantilesOf(name: string) {
  return [0.5, 0.95, 0.99].map((share) => ({
    expr: quantile(share, name),
    legend: `${share * 100} %`,
  }))
}
