/** What every problem has. */
import { expect } from "vitest"
import type { Answer } from "../support/HttpServer.ts"

/** The problem that an answer is; fails where it is none. */
export const problemOf = (answer: Answer): Record<string, unknown> => {
  expect(answer.headers["content-type"], answer.text).toMatch(/^application\/problem\+json/)
  const problem = JSON.parse(answer.text) as Record<string, unknown>
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:pointback:problem:[a-z0-9-]+$/),
    title: expect.any(String),
    status: answer.status,
    detail: expect.any(String)
  })
  return problem
}
