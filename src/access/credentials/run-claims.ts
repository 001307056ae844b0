/** Claims that lead to one run of a CI system, or to one pod. */
const names = [
  // https://docs.github.com/en/actions/reference/security/oidc
  'repository',
  'repository_id',
  'run_id',
  'run_attempt',
  'job_workflow_ref',
  'event_name',
  'ref',
  'sha',
  // https://docs.gitlab.com/ci/secrets/id_token_authentication/
  'project_path',
  'project_id',
  'pipeline_id',
  'job_id',
  'pipeline_source',
  // https://buildkite.com/docs/agent/v3/cli-oidc
  'organization_slug',
  'pipeline_slug',
  'build_number',
  'build_branch',
  'build_commit',
  // https://circleci.com/docs/openid-connect-tokens/
  'oidc.circleci.com/project-id',
  'oidc.circleci.com/job-id',
  // https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens
  'kubernetes.io/namespace',
  'kubernetes.io/serviceaccount/name',
  'kubernetes.io/pod/name',
  'kubernetes.io/pod/uid',
] as const

/** Those that are there, each cut to 256 characters: for whoever looks for the run, not for a rule. */
export function runClaims(
  claims: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const found = names.filter((name) => Object.hasOwn(claims, name))
  return Object.fromEntries(found.map((name) => [name, (claims[name] ?? '').slice(0, 256)]))
}
