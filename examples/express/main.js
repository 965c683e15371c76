// A service in Express: POST /refunds gives points of a redemption back.
import { createPointback, errorJson, InvalidInput, Refusal } from "@pointback/app/promise"
import express from "express"

const pointback = await createPointback({ database: process.env.DATABASE_URL, mastercard: "environment" })
const app = express()
app.use(express.json())

app.post("/refunds", async (request, response) => {
  const { account, creditId, points, redemption } = request.body
  response.json(await pointback.credit({ program: "rewards", account, redemption, creditId, points }))
})

const refusals = Object.values(Refusal).filter((refusal) => typeof refusal === "function")

const statusOf = (error) => {
  if (error instanceof InvalidInput) return 400
  return refusals.some((refusal) => error instanceof refusal) ? 409 : 503
}

app.use((error, _request, response, _next) => response.status(statusOf(error)).json(errorJson(error)))

const server = app.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`))

process.once("SIGTERM", () => server.close(() => pointback.close()))
