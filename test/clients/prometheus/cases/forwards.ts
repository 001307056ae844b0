import type { AlertCases, Samples } from '../support/rule-case.ts'

const instance = { instance: 'a' }

function manifests(inAll: string, withinThirtySeconds: string, le = '30'): Samples {
  return {
    layergate_manifest_wait_seconds_count: inAll,
    [`layergate_manifest_wait_seconds_bucket{le="${le}"}`]: withinThirtySeconds,
  }
}

function owed(waiting: string, bytes: string, layers: string): Samples {
  return {
    layergate_forwards_waiting: waiting,
    layergate_forwards_in_progress: '0x60',
    layergate_forwarded_bytes_total: bytes,
    'layergate_layer_forwards_total{repository="team/app",outcome="already_present"}': layers,
  }
}

function spool(backlog: string): Samples {
  return { layergate_forward_backlog_bytes: backlog, layergate_spool_capacity_bytes: '1000x60' }
}

export const forwardsCases: AlertCases = {
  LayergateForwardsStuck: {
    'fires when layers wait and nothing arrives': {
      samples: owed('0x5 3x55', '100x60', '2x60'),
      at: '30m',
      firing: [instance],
    },
    'fires when one is being sent, and none of it arrives': {
      samples: {
        ...owed('0x60', '100x60', '2x60'),
        layergate_forwards_in_progress: '0x5 1x55',
      },
      at: '30m',
      firing: [instance],
    },
    'does not fire while parts arrive': {
      samples: owed('3x60', '100+100x60', '2x60'),
      at: '30m',
    },
    'does not fire while layers turn out to be there': {
      samples: owed('3x60', '100x60', '2+1x60'),
      at: '30m',
    },
    'does not fire when nothing is owed': { samples: owed('0x60', '100x60', '2x60'), at: '30m' },
    'does not fire on a layer that came a moment ago': {
      samples: owed('0x27 1x30', '100x60', '2x60'),
      at: '30m',
    },
  },
  LayergateForwardsParked: {
    'fires on one that its next try did not heal': {
      samples: { layergate_forwards_parked: '0x5 1x60' },
      at: '25m',
      firing: [instance],
    },
    'does not fire on one that its next try healed': {
      samples: { layergate_forwards_parked: '0x5 1x10 0x60' },
      at: '16m',
    },
  },
  LayergateBacklogOld: {
    'fires on a layer that is owed for more than an hour': {
      samples: { layergate_forward_oldest_seconds: '0+60x120' },
      at: '70m',
      firing: [instance],
    },
    'does not fire on one of half an hour': {
      samples: { layergate_forward_oldest_seconds: '1800x120' },
      at: '70m',
    },
  },
  LayergateManifestsWait: {
    'fires when half of them wait': {
      samples: manifests('0+2x60', '0+1x60'),
      at: '50m',
      firing: [{}],
    },
    'fires with the bounds as Prometheus 3 writes them': {
      samples: manifests('0+2x60', '0+1x60', '30.0'),
      at: '50m',
      firing: [{}],
    },
    'does not fire on two': { samples: manifests('0x30 2x30', '0x60'), at: '40m' },
    'does not fire when one in twenty waits': {
      samples: manifests('0+20x60', '0+19x60'),
      at: '50m',
    },
  },
  LayergateSpoolFills: {
    'fires when it will be full within two hours': {
      samples: spool('0+10x60'),
      at: '50m',
      firing: [instance],
    },
    'does not fire when it grows slowly': { samples: spool('300+1x60'), at: '50m' },
    'does not fire when it shrinks': { samples: spool('900-10x60'), at: '50m' },
    'does not fire on what is a small part of it, however fast it grew': {
      samples: spool('_x30 0+15x20'),
      at: '45m',
    },
  },
  LayergateSpoolFull: {
    'fires when only forwards make room': {
      samples: { 'layergate_degraded{reason="spool_nearly_full"}': '0x5 1x60' },
      at: '10m',
      firing: [{ ...instance, reason: 'spool_nearly_full' }],
    },
    'does not fire on what else is degraded': {
      samples: {
        'layergate_degraded{reason="spool_nearly_full"}': '0x60',
        'layergate_degraded{reason="forwards_parked"}': '1x60',
      },
      at: '10m',
    },
  },
}
