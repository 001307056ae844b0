import type { AlertCases } from '../support/rule-case.ts'
import { sent } from './sent.ts'

const team = { repository: 'team/app' }
const upstream = 'repository="team/app",stage="upstream"'

function invalid(cause: string): string {
  return `layergate_invalid_layers_total{${upstream},cause="${cause}"}`
}

export const layersCases: AlertCases = {
  LayergateInvalidLayer: {
    'fires on the first event of a series that stood at zero': {
      samples: { [invalid('unresolved')]: '0x9 1x20' },
      at: '11m',
      firing: [{ ...team, stage: 'upstream', cause: 'unresolved' }],
    },
    'fires on a series that was born with its first event': {
      samples: { [invalid('spool_damaged')]: '_x9 1x20' },
      at: '11m',
      firing: [{ ...team, stage: 'upstream', cause: 'spool_damaged' }],
    },
    'fires once for a layer that docker tried five times': {
      samples: { [invalid('unresolved')]: '0x9 1 2 3 4 5x20' },
      at: '16m',
      firing: [{ ...team, stage: 'upstream', cause: 'unresolved' }],
    },
    'is still seen an hour later': {
      samples: { [invalid('unresolved')]: '0x9 1x120' },
      at: '70m',
      firing: [{ ...team, stage: 'upstream', cause: 'unresolved' }],
    },
    'is over after that, though the counter stands': {
      samples: { [invalid('unresolved')]: '0x9 1x120' },
      at: '85m',
    },
    'does not fire on a layer that was healed': {
      samples: { [invalid('in_transit')]: '0x9 1x20', [invalid('unresolved')]: '0x30' },
      at: '11m',
    },
    'does not fire on what was refused here': {
      samples: {
        'layergate_invalid_layers_total{repository="team/app",stage="refused",cause="truncated"}':
          '0x9 1x20',
      },
      at: '11m',
    },
  },
  LayergateInvalidLayersHealed: {
    'fires on three within six hours': {
      samples: { [invalid('in_transit')]: '0x30 1x60 2x60 3x60' },
      at: '210m',
      firing: [{ stage: 'upstream', cause: 'in_transit' }],
    },
    'does not fire on two, which are bad luck': {
      samples: { [invalid('in_transit')]: '0x30 1x60 2x200' },
      at: '210m',
    },
    'does not fire on three that were not healed': {
      samples: { [invalid('unresolved')]: '0x30 1x60 2x60 3x60' },
      at: '210m',
    },
  },
  LayergateRefusalsUp: {
    'fires when a tenth is refused': {
      samples: { [sent('raw', 'verified')]: '0+9x120', [sent('raw', 'refused')]: '0+1x120' },
      at: '80m',
      firing: [team],
    },
    'fires when docker is refused as often, by its tries': {
      samples: { [sent('oci', 'verified')]: '0+9x120', [sent('oci', 'refused')]: '0+5x120' },
      at: '80m',
      firing: [team],
    },
    'fires when nothing was ever verified': {
      samples: { [sent('raw', 'refused')]: '0+1x120' },
      at: '80m',
      firing: [team],
    },
    'does not fire when docker tries five bad layers of a hundred and twenty': {
      samples: {
        [sent('oci', 'verified')]: '0+2x120',
        [sent('oci', 'refused')]: '0x40 5x4 10x4 15x4 20x4 25x60',
      },
      at: '60m',
    },
    'does not fire on three of ten: too few to say': {
      samples: {
        [sent('raw', 'verified')]: '0x30 7x60',
        [sent('raw', 'refused')]: '0x30 3x60',
      },
      at: '60m',
    },
    'does not fire when one in fifty is refused': {
      samples: { [sent('raw', 'verified')]: '0+49x120', [sent('raw', 'refused')]: '0+1x120' },
      at: '80m',
    },
  },
  LayergateAgentFailsAlone: {
    'fires when one is refused and the other is not': {
      samples: {
        [sent('raw', 'refused', 'ill')]: '0+1x120',
        [sent('raw', 'verified', 'ill')]: '0x120',
        [sent('raw', 'verified', 'well')]: '0+1x120',
      },
      at: '80m',
      firing: [{ agent: 'ill' }],
    },
    'fires when one is cut off time and again': {
      samples: {
        [sent('raw', 'aborted', 'ill')]: '0+1x120',
        [sent('oci', 'verified', 'well')]: '0+1x120',
        [sent('oci', 'refused', 'well')]: '0x120',
      },
      at: '80m',
      firing: [{ agent: 'ill' }],
    },
    'does not fire when all are refused': {
      samples: {
        [sent('raw', 'refused', 'one')]: '0+1x120',
        [sent('raw', 'refused', 'two')]: '0+1x120',
      },
      at: '80m',
    },
    'does not fire when there is no other': {
      samples: { [sent('raw', 'refused', 'one')]: '0+1x120' },
      at: '80m',
    },
    'does not fire on one bad layer that docker tried five times': {
      samples: {
        [sent('oci', 'refused', 'one')]: '0x30 1 2 3 4 5x60',
        [sent('oci', 'verified', 'two')]: '0+1x120',
      },
      at: '60m',
    },
  },
}
