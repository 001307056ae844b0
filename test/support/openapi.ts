import { readFile } from 'node:fs/promises'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'

interface Operation {
  readonly operationId: string
  readonly responses: Readonly<Record<string, unknown>>
}

/** What `openapi.yaml` promises, ready to be held against answers. */
export interface Contract {
  /** `operationId status`, for every answer that is documented. */
  readonly documented: ReadonlySet<string>
  /** `METHOD /path` by operationId, with `{name}` written as `:name`. */
  readonly routes: ReadonlyMap<string, string>
  /** What is wrong with an answer; empty when it keeps the promise. */
  problems(operationId: string, answer: Answer): readonly string[]
  /** The values that a property of a schema may have, in their order. */
  valuesOf(schema: string, property: string): readonly string[]
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

const file = 'openapi.yaml'

export async function loadContract(): Promise<Contract> {
  const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
  const document = parse(text)
  const ajv = new Ajv2020.default({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, file)

  const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const pointers = new Map(
    operations.flatMap(({ path, method, operation }) =>
      Object.keys(operation.responses).map((status) => [
        `${operation.operationId} ${status}`,
        `#/paths/${escape(path)}/${method}/responses/${status}`,
      ]),
    ),
  )

  function at(pointer: string): { pointer: string; value: Record<string, unknown> } {
    const value = pointer
      .slice(2)
      .split('/')
      .reduce((node, key) => node[unescape(key)], document)
    return typeof value.$ref === 'string' ? at(value.$ref) : { pointer, value }
  }

  return {
    documented: new Set(pointers.keys()),
    routes: new Map(
      operations.map(({ path, method, operation }) => [
        operation.operationId,
        `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ]),
    ),

    problems(operationId, answer) {
      const start = pointers.get(`${operationId} ${answer.status}`)
      if (!start) return [`${operationId} does not document ${answer.status}`]
      const { pointer, value } = at(start)
      const problems: string[] = []

      for (const [name, header] of Object.entries(value['headers'] ?? {})) {
        const where = at(header.$ref ?? `${pointer}/headers/${name}`)
        const given = answer.headers.get(name)
        if (given === null && where.value['required'] === true) problems.push(`no header ${name}`)
        const validate = ajv.getSchema(`${file}${where.pointer}/schema`)
        if (given !== null && !validate?.(given)) problems.push(`${name}: ${given}`)
      }

      const [given = ''] = (answer.headers.get('content-type') ?? '').split(';')
      const content = value['content']
      if (!content) return answer.text === '' ? problems : [...problems, 'a body']
      const type = Object.hasOwn(content, given) ? given : '*/*'
      if (!Object.hasOwn(content, type)) return [...problems, `content type ${given}`]
      const validate = ajv.getSchema(`${file}${pointer}/content/${escape(type)}/schema`)
      const body: unknown = given.endsWith('json') ? JSON.parse(answer.text) : answer.text
      if (!validate?.(body)) problems.push(ajv.errorsText(validate?.errors))
      return problems
    },

    valuesOf(schema, property) {
      return document.components.schemas[schema].properties[property].enum
    },
  }
}

function escape(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}

function unescape(key: string): string {
  return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
}
