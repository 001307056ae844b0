import { output } from './run.ts'
import { compose } from './tools.ts'

export interface ComposeService {
  readonly image?: string
  readonly command: readonly string[] | null
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: { readonly test?: readonly string[] }
  readonly ports: readonly { readonly host_ip?: string }[]
  readonly volumes?: readonly ComposeVolume[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
}

export interface ComposeVolume {
  readonly type: string
  readonly source: string
  readonly target: string
  readonly read_only?: boolean
}

export const composeFile = ['--file', 'docker-compose.yml']

/** The services of docker-compose.yml as Docker Compose understands them. */
export async function composeServices(): Promise<Readonly<Record<string, ComposeService>>> {
  const text = await output(compose.path(), [...composeFile, 'config', '--format', 'json'])
  return JSON.parse(text).services
}
