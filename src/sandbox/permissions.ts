import { listOf, type Shape, text } from './shapes.ts'

/**
 * Action patterns as in the `Action` of an IAM statement: `ecr-public:*`, `ecr-public:PutImage`, `*`. Undefined allows everything.
 * All of them allow, on every resource; there is no deny.
 */
export type Permissions = readonly string[] | undefined

export const permissionsShape: Shape<string[]> = listOf(
  text({ pattern: /^(?:\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/ }),
)

/** IAM User Guide, "IAM JSON policy elements: Action": upper and lower case are the same, `*` and `?` are wildcards. */
export function allows(permissions: Permissions, action: string): boolean {
  if (permissions === undefined) return true
  return permissions.some((pattern) => {
    const source = pattern
      .replaceAll(/[^a-zA-Z0-9*?:]/g, String.raw`\$&`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${source}$`, 'i').test(action)
  })
}

/** The sentence in which AWS refuses an action (fluxcd/pkg#938). */
export const notAuthorised = (arn: string, action: string, resource: string): string =>
  `User: ${arn} is not authorized to perform: ${action} on resource: ${resource}`
