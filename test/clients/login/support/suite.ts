import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { makeHome } from '../../push/support/home.ts'
import { makeImage } from '../../push/support/image.ts'
import { tag } from '../../push/support/registry.ts'
import type { LoginClient, OpenLoginClient } from './client.ts'
import { assertNothingPushed, pushedDiffIds } from './pushed-image.ts'
import { written } from './outcome.ts'
import { agentToken, startLoginRegistry } from './registry.ts'
import { startWatchedLine } from './watched-line.ts'

/** What every client does with a login. */
export function testLogins(client: LoginClient): void {
  const skip = client.programs.map((program) => program.skip).find((reason) => reason !== false)

  describe(`a login by ${client.name}`, { skip: skip ?? false }, () => {
    const cleanup = new AsyncDisposableStack()
    let opened: OpenLoginClient
    before(async () => {
      const home = await makeHome(cleanup)
      opened = await client.open(home, await makeImage(await home.newFolder()))
    })
    after(() => cleanup.disposeAsync())

    test('with the token of an agent lets it push, and nobody without', async (t) => {
      const { host, sandbox, refused } = await startLoginRegistry(t)
      const reference = `${host}/team/app:${tag}`
      assert.equal((await opened.login(host, agentToken)).exitCode, 0)
      const pushed = await opened.push(reference)
      assert.equal(pushed.exitCode, 0, written(pushed))
      assert.deepEqual(await pushedDiffIds(sandbox, 'team/app'), opened.diffIds)
      assert.equal(await refused('credentials_invalid'), 0)

      await opened.logout(host)
      assert.notEqual((await opened.push(reference)).exitCode, 0)
      assert.equal(await refused('credentials_invalid'), 0)
    })

    test('lets it push nowhere else, and AWS hears nothing', async (t) => {
      const { host, sandbox, refused, calls } = await startLoginRegistry(t)
      await opened.login(host, agentToken)
      const denied = await opened.push(`${host}/mirror/app:${tag}`)
      assert.notEqual(denied.exitCode, 0)
      assert.match(written(denied), client.deniedWords)
      assert.ok((await refused('repository_denied')) > 0)
      assertNothingPushed(sandbox, 'mirror/app')
      assert.deepEqual(calls(), [])
    })

    test('with a wrong token is refused, or the push that comes of it', async (t) => {
      const { host, sandbox, refused } = await startLoginRegistry(t)
      const login = await opened.login(host, 'wrong')
      assert.equal(login.exitCode === 0, !client.checksPassword, written(login))
      if (!client.checksPassword) {
        assert.notEqual((await opened.push(`${host}/team/app:${tag}`)).exitCode, 0)
      }
      assert.ok((await refused('credentials_invalid')) > 0)
      assertNothingPushed(sandbox, 'team/app')
      await opened.logout(host)
    })

    test(`with the token of a CI run lets it push, two hours later ${client.keeps === 'password' ? 'not any more' : 'too'}`, async (t) => {
      const { host, sandbox, ciToken, passMinutes } = await startLoginRegistry(t)
      const reference = `${host}/team/app:${tag}`
      assert.equal((await opened.login(host, await ciToken())).exitCode, 0)
      const pushed = await opened.push(reference)
      assert.equal(pushed.exitCode, 0, written(pushed))
      assert.deepEqual(await pushedDiffIds(sandbox, 'team/app'), opened.diffIds)
      passMinutes(120)
      const later = await opened.push(reference)
      assert.equal(later.exitCode === 0, client.keeps === 'refresh token', written(later))
    })

    test('with what the token of a CI run was traded for lets it push two hours later', async (t) => {
      const { host, sandbox, refreshToken, passMinutes } = await startLoginRegistry(t)
      assert.equal((await opened.login(host, await refreshToken())).exitCode, 0)
      passMinutes(120)
      const pushed = await opened.push(`${host}/team/app:${tag}`)
      assert.equal(pushed.exitCode, 0, written(pushed))
      assert.deepEqual(await pushedDiffIds(sandbox, 'team/app'), opened.diffIds)
    })

    test('ends at once when the agent is taken out of the policy, in the middle of a push too', async (t) => {
      const { port, sandbox, grant, refused } = await startLoginRegistry(t)
      let isRemoved = false
      const { host } = await startWatchedLine(t, port, async (line) => {
        if (isRemoved || !/^(?:PATCH|PUT) .*\/uploads\//.test(line)) return
        isRemoved = true
        await grant(undefined)
      })
      assert.equal((await opened.login(host, agentToken)).exitCode, 0)
      assert.notEqual((await opened.push(`${host}/team/app:${tag}`)).exitCode, 0)
      assert.ok(isRemoved)
      assert.ok((await refused('repository_denied')) > 0)
      const app = sandbox.state().repositories.find(({ name }) => name === 'team/app')
      assert.deepEqual(app?.images, [])
    })
  })
}
