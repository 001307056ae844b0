import { bars, graph } from '../panels.ts'
import { risen, ofDestination, ofRepository, rate, series, sumBy } from '../queries.ts'

const invalid = 'layergate_invalid_layers_total'
const uploads = 'layergate_layer_uploads_total'

/** Which layers were no good, where that was found, why, and whose they were. */
export const invalidLayers = {
  title: 'Invalid layers',
  panels: [
    graph({
      title: 'Invalid layers by stage',
      description:
        'refused and reported: found here. upstream: AWS said InvalidLayerException to a layer that was verified here. A client that tries a bad layer five times counts five times.',
      unit: 'cps',
      queries: [{ expr: sumBy('stage', rate(invalid, ofRepository)), legend: '{{stage}}' }],
    }),
    graph({
      title: 'Invalid layers by cause',
      description: 'The causes that the bytes prove; the metrics page says what each means.',
      unit: 'cps',
      queries: [
        {
          expr: `${sumBy('cause', rate(invalid, ofRepository))} > 0`,
          legend: '{{cause}}',
        },
      ],
    }),
    graph({
      title: 'Invalid layers by repository',
      description: 'The ten repositories that have the most of them.',
      unit: 'cps',
      queries: [
        {
          expr: `topk(10, ${sumBy('repository', rate(invalid, ofRepository))})`,
          legend: '{{repository}}',
        },
      ],
    }),
    bars({
      title: 'Invalid layers, whose and why',
      description:
        'The most frequent ones in the time shown. GET /v1/refusals has the single layers, with what their agents should do.',
      unit: 'none',
      columns: 12,
      queries: [
        {
          expr: `topk(12, ${sumBy('repository, stage, cause', risen(invalid, ofRepository))} > 0)`,
          legend: '{{repository}}: {{cause}} ({{stage}})',
        },
      ],
    }),
    graph({
      title: 'Refused share by repository',
      description: 'Share of the uploads to a repository that were refused.',
      unit: 'percentunit',
      columns: 12,
      queries: [
        {
          expr: `${sumBy('repository', rate(uploads, ofRepository, 'outcome="refused"'))} / (${sumBy('repository', rate(uploads, ofRepository))} > 0)`,
          legend: '{{repository}}',
        },
      ],
    }),
    graph({
      title: 'InvalidLayerException',
      description:
        'How often AWS answered it, before its cause was known. It should be zero: every layer was verified here before.',
      unit: 'cps',
      queries: [
        {
          expr: sumBy(
            'destination',
            rate(
              'layergate_upstream_requests_total',
              ofDestination,
              'outcome="InvalidLayerException"',
            ),
          ),
          legend: '{{destination}}',
        },
      ],
    }),
    graph({
      title: 'Layers accepted unexamined',
      description:
        'Their digest was right, and their contents are not known. Raise the limit that the reason names, where there are many.',
      unit: 'cps',
      queries: [
        {
          expr: sumBy('reason', rate('layergate_unexamined_layers_total')),
          legend: '{{reason}}',
        },
      ],
    }),
    graph({
      title: 'Held blobs',
      description: 'Blobs with a flaw that are kept until a manifest says whether they are layers.',
      unit: 'none',
      queries: [{ expr: `sum(${series('layergate_forwards_held')})`, legend: 'held' }],
    }),
  ],
}
