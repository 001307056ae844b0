import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { datasource } from './panels.ts'
import { health } from './rows/health.ts'
import { invalidLayers } from './rows/invalid-layers.ts'
import { pushes } from './rows/pushes.ts'
import { spoolAndProcess } from './rows/spool-and-process.ts'
import { upstream } from './rows/upstream.ts'

const rows = [health, invalidLayers, pushes, upstream, spoolAndProcess]

/** The dashboard of the service, as Grafana reads it. */
export function layergateDashboard(): Dashboard {
  const builder = new DashboardBuilder('Layergate')
    .uid('layergate')
    .description('Layers on their way to ECR Public: which are bad, whose, and what waits.')
    .tags(['layergate'])
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables([
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      // All of them are those in the list, and not whatever else Prometheus scrapes: the series of processes have no name of ours.
      choice('job', 'Job', 'label_values(layergate_build_info, job)'),
      choice('instance', 'Instance', 'label_values(layergate_build_info{job=~"$job"}, instance)'),
      choice(
        'repository',
        'Repository',
        'label_values(layergate_manifests_total{job=~"$job", instance=~"$instance"}, repository)',
      ).allValue('.+'),
      choice(
        'destination',
        'Destination',
        'label_values(layergate_upstream_requests_total{job=~"$job", instance=~"$instance"}, destination)',
      ).allValue('.+'),
    ])
  for (const [index, { title, panels }] of rows.entries()) {
    // A row's panels count within it, so that a new one does not move the addresses of the others.
    const firstId = (index + 1) * 100
    builder.withRow(new RowBuilder(title).id(firstId))
    for (const [place, panel] of panels.entries()) {
      const id = firstId + place + 1
      builder.withPanel({ build: () => ({ ...panel.build(), id }) })
    }
  }
  return builder.build()
}

/** A variable of several values, all of them unless somebody chooses. */
function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .current({ text: 'All', value: '$__all' })
}
