import { writeFile } from 'node:fs/promises'
import { dashboards } from './dashboards/committed.ts'

for (const { file, text } of dashboards) await writeFile(file, text)
