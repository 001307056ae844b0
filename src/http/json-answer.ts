import type { FastifyReply } from 'fastify'

/** JSON under exactly this media type: of an object or a string, Fastify would add a charset, which clients compare as well. */
export function sendJson(reply: FastifyReply, mediaType: string, value: object): FastifyReply {
  return reply.type(mediaType).send(Buffer.from(JSON.stringify(value)))
}
