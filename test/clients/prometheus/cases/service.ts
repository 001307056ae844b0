import type { AlertCases, Samples } from '../support/rule-case.ts'

const instance = { instance: 'a' }

function refreshes(failed: string, refreshed: string): Samples {
  return {
    'layergate_credentials_refresh_total{destination="default",outcome="failed"}': failed,
    'layergate_credentials_refresh_total{destination="default",outcome="refreshed"}': refreshed,
  }
}

function throttles(values: string): Samples {
  return {
    'layergate_upstream_retries_total{destination="default",operation="PutImage",reason="throttled"}':
      values,
  }
}

export const serviceCases: AlertCases = {
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
}
