import type { AlertCases, Samples } from '../support/rule-case.ts'
import { sent } from './sent.ts'

function requests(status: string, operation: string, values: string): Samples {
  const labels = `operation="${operation}",status="${status}"`
  return {
    [`layergate_http_requests_total{${labels}}`]: values,
    [`layergate_http_request_duration_seconds_count{${labels}}`]: values,
  }
}

/** A hundred pushes a minute; what goes wrong is added. */
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

export const pushesCases: AlertCases = {
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
