import { createMemoryFindings } from '../support/memory-findings.ts'
import { createMemoryRefusals } from '../support/memory-refusals.ts'
import { latestRefusalsContract } from './contracts/latest-refusals.ts'
import { layerFindingsContract } from './contracts/layer-findings.ts'
import { refusalsContract } from './contracts/refusals.ts'

refusalsContract('memory', async () => createMemoryRefusals())
latestRefusalsContract('memory', async () => createMemoryRefusals())

layerFindingsContract('memory', async (_t, now) => createMemoryFindings(now))
