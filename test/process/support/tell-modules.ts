import { registerHooks } from 'node:module'
import { stderr } from 'node:process'

/** Preloaded: names each module that is loaded from then on. */
registerHooks({
  load(url, context, nextLoad) {
    stderr.write(`loaded ${url}\n`)
    return nextLoad(url, context)
  },
})
