import type { ApiException } from '../exceptions.ts'
import type { Answer } from '../wire.ts'

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** An element's text, or its elements in order. */
export interface Elements {
  readonly [name: string]: string | Elements
}

/** The query protocol's form of a result. */
export const resultAnswer = (action: string, result: Elements, requestId: string): Answer =>
  xmlAnswer(200, `${action}Response`, {
    [`${action}Result`]: result,
    ResponseMetadata: { RequestId: requestId },
  })

/** The query protocol's form of an exception. */
export const errorAnswer = ({ name, message, status }: ApiException, requestId: string): Answer =>
  xmlAnswer(status, 'ErrorResponse', {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: name, Message: message },
    RequestId: requestId,
  })

const xmlAnswer = (status: number, root: string, content: Elements): Answer => ({
  status,
  contentType: 'text/xml',
  body: `<${root} xmlns="${namespace}">${xml(content)}</${root}>\n`,
})

const xml = (content: string | Elements): string =>
  typeof content === 'string'
    ? escaped(content)
    : Object.entries(content)
        .map(([name, value]) => `<${name}>${xml(value)}</${name}>`)
        .join('')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
