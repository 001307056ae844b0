// Looks for false alarms: inspects all archives in the folders that it is given, those in Debian packages included, and counts them.
//   node test/clients/inspection/survey.ts DIR…
import process, { argv } from 'node:process'
import { survey } from './support/survey.ts'

const folders = argv.slice(2)
if (folders.length === 0) throw new Error('Give the folders in which archives lie.')

const { counts, alarms } = await survey(folders)
for (const [kind, count] of counts) console.log(`${count} ${kind}`)
for (const { path, kind, findings } of alarms) {
  console.log(`ALARM ${path} (${kind}): ${JSON.stringify(findings)}`)
}
console.log(`${alarms.length} alarms`)
if (alarms.length > 0) process.exitCode = 1
