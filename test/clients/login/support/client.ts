import type { InstalledClient } from '../../support/installed-client.ts'
import type { Home, Outcome } from '../../push/support/home.ts'
import type { Image } from '../../push/support/image.ts'

export interface LoginClient {
  /** As its users call it. */
  readonly name: string
  readonly programs: readonly InstalledClient[]
  /** What its login stores: the password as it was given, or the refresh token that it got for it. */
  readonly keeps: 'password' | 'refresh token'
  /** Whether the login itself tells that a password is wrong. */
  readonly checksPassword: boolean
  /** What it shows of a 403: some read the answer to a question that has none (HEAD). */
  readonly deniedWords: RegExp
  /** Takes the image in. What the client keeps lies in `home`. */
  open(home: Home, image: Image): Promise<OpenLoginClient>
}

/** Hosts are `host:port`, references `host:port/repository:tag`. */
export interface OpenLoginClient {
  /** Digests of the uncompressed layers that a push sends, in their order. */
  readonly diffIds: readonly string[]
  login(host: string, password: string): Promise<Outcome>
  logout(host: string): Promise<Outcome>
  push(reference: string): Promise<Outcome>
}
