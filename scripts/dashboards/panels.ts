import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as BarGaugeBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import {
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'

/** The Prometheus that the dashboard's first variable names. */
export const datasource = { type: 'prometheus', uid: '${datasource}' }

export interface Query {
  readonly expr: string
  /** What the legend calls a series: its labels in double braces. */
  readonly legend: string
}

export interface PanelSpec {
  readonly title: string
  /** What it shows, and what to do about it. */
  readonly description: string
  /** One of Grafana's units (https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/). */
  readonly unit: string
  readonly queries: readonly Query[]
  /** Of the 24 columns of the grid. */
  readonly columns?: number
}

export interface GraphSpec extends PanelSpec {
  readonly isStacked?: boolean
}

export interface StatSpec extends PanelSpec {
  /** From these values on it is yellow, and red. Default: it has no colour. */
  readonly warnFrom?: number
  readonly failFrom?: number
  /** Words for the values that have one. */
  readonly words?: Readonly<Record<number, Word>>
  /** Shows the name of the series instead of its value. */
  readonly isName?: boolean
}

export interface Word {
  readonly text: string
  readonly color: Color
}

type Color = 'green' | 'yellow' | 'red' | 'text'

/** Lines over time. */
export function graph({ isStacked = false, columns = 8, ...spec }: GraphSpec): Builder<Panel> {
  return new TimeSeriesBuilder()
    .title(spec.title)
    .description(spec.description)
    .datasource(datasource)
    .unit(spec.unit)
    .min(0)
    .span(columns)
    .height(8)
    .lineWidth(1)
    .fillOpacity(isStacked ? 30 : 5)
    .stacking(new StackingConfigBuilder().mode(isStacked ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .targets(spec.queries.map((query, index) => target(query, index).range()))
}

/** One value for each series, over the whole time that the dashboard shows. */
export function stat({ columns = 4, words, isName = false, ...spec }: StatSpec): Builder<Panel> {
  const isColored = spec.warnFrom !== undefined || spec.failFrom !== undefined
  return new StatBuilder()
    .title(spec.title)
    .description(spec.description)
    .datasource(datasource)
    .unit(spec.unit)
    .span(columns)
    .height(4)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .textMode(isName ? BigValueTextMode.Name : BigValueTextMode.Auto)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds(isColored ? 'green' : 'text', spec))
    .mappings(words ? [{ type: MappingType.ValueToText, options: { ...words } }] : [])
    .targets(spec.queries.map((query, index) => target(query, index).instant()))
}

/** One bar for each series, over the whole time that the dashboard shows. */
export function bars({ columns = 8, ...spec }: PanelSpec): Builder<Panel> {
  return new BarGaugeBuilder()
    .title(spec.title)
    .description(spec.description)
    .datasource(datasource)
    .unit(spec.unit)
    .decimals(0)
    .min(0)
    .span(columns)
    .height(8)
    .displayMode(BarGaugeDisplayMode.Basic)
    .orientation(VizOrientation.Horizontal)
    .noValue('none')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(thresholds('text', {}))
    .targets(spec.queries.map((query, index) => target(query, index).instant()))
}

function target({ expr, legend }: Query, index: number): DataqueryBuilder {
  const refId = String.fromCodePoint('A'.charCodeAt(0) + index)
  return new DataqueryBuilder().datasource(datasource).expr(expr).legendFormat(legend).refId(refId)
}

function thresholds(base: Color, { warnFrom, failFrom }: Pick<StatSpec, 'warnFrom' | 'failFrom'>) {
  const steps = [
    { value: null, color: base },
    ...(warnFrom === undefined ? [] : [{ value: warnFrom, color: 'yellow' }]),
    ...(failFrom === undefined ? [] : [{ value: failFrom, color: 'red' }]),
  ]
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
}
