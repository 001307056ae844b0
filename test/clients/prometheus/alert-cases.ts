import type { RuleCase, Samples } from './support/rule-case.ts'

const instance = { instance: 'a' }
const team = { repository: 'team/app' }
const upstream = 'repository="team/app",stage="upstream"'
const uploads = 'layergate_layer_uploads_total'

function invalid(cause: string): string {
  return `layergate_invalid_layers_total{${upstream},cause="${cause}"}`
}

function sent(entry: string, outcome: string, agent = 'one'): string {
  return `${uploads}{repository="team/app",agent="${agent}",entry="${entry}",outcome="${outcome}"}`
}

/** A hundred minutes of pushes; what goes wrong is added. */
function requests(status: string, operation: string, values: string): Samples {
  const labels = `operation="${operation}",status="${status}"`
  return {
    [`layergate_http_requests_total{${labels}}`]: values,
    [`layergate_http_request_duration_seconds_count{${labels}}`]: values,
  }
}

function goodPushes(minutes: number): Samples {
  return requests('201', 'uploadLayer', `0+100x${minutes}`)
}

function clientsGone(withinTenSeconds: string, inAll: string, le = '10'): Samples {
  const labels = 'operation="putManifest",status="499"'
  return {
    ...requests('499', 'putManifest', inAll),
    [`layergate_http_request_duration_seconds_bucket{${labels},le="${le}"}`]: withinTenSeconds,
  }
}

function manifests(inAll: string, withinThirtySeconds: string, le = '30'): Samples {
  return {
    layergate_manifest_wait_seconds_count: inAll,
    [`layergate_manifest_wait_seconds_bucket{le="${le}"}`]: withinThirtySeconds,
  }
}

function refreshes(failed: string, refreshed: string): Samples {
  return {
    'layergate_credentials_refresh_total{destination="default",outcome="failed"}': failed,
    'layergate_credentials_refresh_total{destination="default",outcome="refreshed"}': refreshed,
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

function throttles(values: string): Samples {
  return {
    'layergate_upstream_retries_total{destination="default",operation="PutImage",reason="throttled"}':
      values,
  }
}

/** By alert, in sentences: when it fires, and when it does not. */
export const alertCases: Readonly<Record<string, Readonly<Record<string, RuleCase>>>> = {
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
  LayergateThrottled: {
    'fires on a throttle a minute': {
      samples: throttles('0+1x60'),
      at: '30m',
      firing: [{ destination: 'default', reason: 'throttled' }],
    },
    'does not fire on two': { samples: throttles('0x20 2x40'), at: '30m' },
    'does not fire on calls that were made again for another reason': {
      samples: {
        'layergate_upstream_retries_total{destination="default",operation="PutImage",reason="unavailable"}':
          '0+1x60',
      },
      at: '30m',
    },
  },
  LayergateCredentialsFail: {
    'fires on the first failure': {
      samples: refreshes('0x9 1x30', '4x40'),
      at: '14m',
      firing: [{ ...instance, destination: 'default', outcome: 'failed' }],
    },
    'fires on a series that was born with it': {
      samples: refreshes('_x9 1x30', '4x40'),
      at: '14m',
      firing: [{ ...instance, destination: 'default', outcome: 'failed' }],
    },
    'does not fire when new ones came after it': {
      samples: refreshes('0x9 1x30', '4x9 5x30'),
      at: '14m',
    },
    'does not fire when they are refreshed in time': {
      samples: refreshes('0x40', '0+1x40'),
      at: '14m',
    },
  },
  LayergateDown: {
    'fires when it does not answer': { samples: { up: '1x5 0x60' }, at: '10m', firing: [instance] },
    'does not fire on one lost scrape': { samples: { up: '1x5 0 1x60' }, at: '6m' },
  },
  LayergatePolicyNotLoaded: {
    'fires when the file could not be taken': {
      samples: { layergate_policy_last_reload_successful: '1x5 0x60' },
      at: '10m',
      firing: [instance],
    },
    'does not fire when it was corrected': {
      samples: { layergate_policy_last_reload_successful: '1x5 0 1x60' },
      at: '6m',
    },
  },
  LayergateAuthenticationOff: {
    'fires when nobody is asked': {
      samples: { layergate_auth_disabled: '1x60' },
      at: '10m',
      firing: [instance],
    },
    'does not fire when there is a policy': {
      samples: { layergate_auth_disabled: '0x60' },
      at: '10m',
    },
  },
  LayergatePushesFail: {
    'fires within minutes when a tenth fails': {
      samples: { ...goodPushes(100), ...requests('503', 'finishBlobUpload', '0x30 0+10x70') },
      at: '50m',
      firing: [{ window: '1h' }],
    },
    'fires when clients leave whom we kept': {
      samples: { ...goodPushes(100), ...clientsGone('0x100', '0x30 0+10x70') },
      at: '50m',
      firing: [{ window: '1h' }],
    },
    'does not fire when clients leave at once': {
      samples: { ...goodPushes(100), ...clientsGone('0x30 0+10x70', '0x30 0+10x70') },
      at: '50m',
    },
    'fires when clients leave whom we kept, with the bounds as Prometheus 3 writes them': {
      samples: { ...goodPushes(100), ...clientsGone('0x100', '0x30 0+10x70', '10.0') },
      at: '50m',
      firing: [{ window: '1h' }],
    },
    'fires on what would spend the budget within five days': {
      samples: { ...goodPushes(800), ...requests('502', 'putManifest', '0+1x800') },
      at: '700m',
      every: '5m',
      firing: [{ window: '6h' }],
    },
    'does not fire when clients are at fault': {
      samples: { ...goodPushes(100), ...requests('400', 'uploadLayer', '0+50x100') },
      at: '50m',
    },
    'does not fire when requests fail that are no part of a push': {
      samples: { ...goodPushes(100), ...requests('503', 'getManifest', '0+50x100') },
      at: '50m',
    },
    'does not fire on a push that docker tried five times where there are few pushes': {
      samples: {
        ...requests('201', 'uploadLayer', '0+1x100'),
        ...requests('503', 'finishBlobUpload', '0x40 1 2 3 4 5x60'),
      },
      at: '45m',
    },
    'is over when the last minutes were good': {
      samples: {
        ...goodPushes(100),
        ...requests('503', 'finishBlobUpload', '0x10 0+100x10 1000x80'),
      },
      at: '60m',
    },
  },
  LayergatePushesFailSlowly: {
    'fires on what would not leave the month whole': {
      samples: { ...goodPushes(3000), ...requests('502', 'putManifest', '0+0.4x3000') },
      at: '2900m',
      every: '5m',
      firing: [{ window: '1d' }],
    },
    'fires on what spends just more than there is': {
      samples: { ...goodPushes(5000), ...requests('502', 'putManifest', '0+0.2x5000') },
      at: '4900m',
      every: '5m',
      firing: [{ window: '3d' }],
    },
    'does not fire on the last hours of three days, when the rest was good': {
      samples: { ...goodPushes(5000), ...requests('502', 'putManifest', '0x4540 0+0.15x400') },
      at: '4900m',
      every: '5m',
    },
    'does not fire on half of what was promised': {
      samples: { ...goodPushes(5000), ...requests('502', 'putManifest', '0+0.05x5000') },
      at: '4900m',
      every: '5m',
    },
  },
  LayergateNoPushes: {
    'fires when the same hour of last week had some': {
      samples: { [sent('raw', 'verified')]: '0+1x10140 10140x200' },
      at: '10240m',
      every: '5m',
      firing: [{}],
    },
    'does not fire when there are pushes': {
      samples: { [sent('raw', 'verified')]: '0+1x10400' },
      at: '10240m',
      every: '5m',
    },
    'does not fire when last week had none either': {
      samples: { [sent('raw', 'verified')]: '7x10400' },
      at: '10240m',
      every: '5m',
    },
  },
}
