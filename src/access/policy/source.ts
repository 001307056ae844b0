import { isAlias, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'
import type { Value } from './fields.ts'
import type { Problems } from './problems.ts'

/**
 * The file as YAML 1.2. An alias is refused: a few lines of them can stand for gigabytes, and a policy is read by people.
 *
 * @throws PolicyError when it is no YAML, or no single document
 */
export function readSource(text: string, { report, throwIfAny }: Problems): Value {
  const lines = new LineCounter()
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line)

  // Keys that stand there twice are found by whoever reads them: the parser compares each with each.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
  })
  for (const error of [...document.errors, ...document.warnings]) {
    report({ line: lineAt(error.pos[0]) }, wordsOf(error))
  }
  throwIfAny()
  visit(document, {
    Alias: (_, { source, range }) => {
      const sentence = `"*${source}" refers to another place: write out what stands there.`
      report({ line: lineAt(range?.[0] ?? 0) }, sentence)
    },
  })
  throwIfAny()
  return {
    node: document.contents,
    label: 'The policy',
    line: 1,
    lineOf: (node) => lineAt(isAlias(node) ? 0 : (node.range?.[0] ?? 0)),
  }
}

/** In the place of messages that are for programmers, or quote the file, where somebody may have put a token by mistake. */
const words: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'A second document begins here, but a policy is one.',
  TAB_AS_INDENT: 'Tabs are not allowed as indentation: use spaces.',
  UNEXPECTED_TOKEN: 'This is no valid YAML: something is here that does not belong here.',
  RESOURCE_EXHAUSTION: 'It is nested too deeply.',
  TAG_RESOLVE_FAILED: 'A policy has no tags ("!…").',
}

function wordsOf({ code, message }: YAMLError): string {
  return words[code] ?? `This is no valid YAML: ${message}.`
}
