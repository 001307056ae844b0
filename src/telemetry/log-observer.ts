import type { Logger } from 'pino'
import type { LayergateEvent, Observer } from '../registry/events.ts'

/** One line for each layer that came in and one for each that went out; calls and requests at debug. */
export function createLogObserver(logger: Logger): Observer {
  return {
    observe(event: LayergateEvent) {
      const { type, ...fields } = event
      switch (type) {
        case 'upload_ended':
          logger[event.outcome === 'verified' ? 'info' : 'warn'](fields, `upload ${event.outcome}`)
          return
        case 'layer_invalid_upstream': {
          const level = event.cause === 'in_transit' ? 'warn' : 'error'
          logger[level](fields, 'AWS called a verified layer invalid')
          return
        }
        case 'forward_ended': {
          const { type: _, thrown, ...about } = event
          const level = event.error === undefined ? 'info' : 'warn'
          const isBug = event.error === 'internal'
          logger[level](isBug ? { ...about, err: thrown } : about, `forward ${event.outcome}`)
          return
        }
        case 'upstream_retried':
          logger.warn(fields, 'upstream call is made again')
          return
        case 'credentials_refreshed':
          if (event.outcome === 'refreshed') logger.info(fields, 'credentials were fetched anew')
          else logger.warn(fields, 'credentials could not be fetched anew')
          return
        case 'upstream_called':
        case 'request_ended':
          logger.debug(fields, type)
          return
        case 'repository_seen':
        case 'upload_started':
        case 'forward_started':
          return
      }
    },
  }
}
