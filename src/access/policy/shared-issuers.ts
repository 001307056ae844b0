interface SharedIssuer {
  readonly hostname: string
  /** Where the path of the issuer names the owner already. */
  readonly ownPath?: RegExp
  /** Claims that name an owner or a project for good. Names are not among them: who gives one up lets others have it. */
  readonly owners: readonly string[]
}

/** Issuers whose tokens strangers can have too. */
const sharedIssuers: readonly SharedIssuer[] = [
  {
    // https://docs.github.com/en/actions/reference/security/oidc. The path may name an enterprise, by a name that can change.
    hostname: 'token.actions.githubusercontent.com',
    owners: ['repository_owner_id', 'repository_id', 'enterprise_id'],
  },
  {
    // https://docs.gitlab.com/ci/secrets/id_token_authentication. `project_id` is that of the fork, for a merge request out of one;
    // `job_project_id` is where the job runs (https://gitlab.com/gitlab-org/gitlab/-/merge_requests/202241).
    hostname: 'gitlab.com',
    owners: ['project_id', 'namespace_id', 'job_project_id', 'job_namespace_id'],
  },
  {
    // https://buildkite.com/docs/agent/v3/cli-oidc. They must be asked for: `--claim organization_id`.
    hostname: 'agent.buildkite.com',
    owners: ['organization_id', 'pipeline_id'],
  },
  {
    // https://circleci.com/docs/openid-connect-tokens
    hostname: 'oidc.circleci.com',
    ownPath: /^\/org\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    owners: ['oidc.circleci.com/project-id'],
  },
]

/** Of which claims a rule must fix one, so that it is not for strangers; `undefined` where the issuer is nobody else's. */
export function ownersOf(issuer: string): readonly string[] | undefined {
  if (!URL.canParse(issuer)) return undefined
  const { hostname, pathname } = new URL(issuer)
  // A name may end in the dot of the root.
  const shared = sharedIssuers.find((one) => one.hostname === hostname.replace(/\.$/, ''))
  return shared?.ownPath?.test(pathname) ? undefined : shared?.owners
}
