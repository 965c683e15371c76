// A service in Fastify: Pointback is a plugin that opens and closes with the server.
import { createPointback, errorJson, InvalidInput } from "@pointback/app/promise"
import Fastify from "fastify"

const app = Fastify()
const pointback = await createPointback({ database: process.env.DATABASE_URL, mastercard: "environment" })
app.decorate("pointback", pointback)
app.addHook("onClose", () => pointback.close())

app.post("/refunds", (request) => {
  const { account, creditId, points, redemption } = request.body
  const caller = { actor: "refunds-service", correlationId: request.id }
  return app.pointback.credit({ program: "rewards", account, redemption, creditId, points }, caller)
})

app.setErrorHandler((error, _request, reply) => {
  const statuses = { InvalidInput: 400, ExceedsRedeemed: 409, ExceedsRemaining: 409, AlreadyFullyCredited: 409 }
  reply.status(error instanceof InvalidInput ? 400 : (statuses[error._tag] ?? 503)).send(errorJson(error))
})

await app.listen({ port: 0, host: "127.0.0.1" })
console.log(`listening on ${app.server.address().port}`)

process.once("SIGTERM", () => void app.close())
