/** `pointback redeem` */
import { Ids, Points } from "@pointback/domain"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import type { PointsRedeemed } from "../../command/RedeemPoints.ts"
import { redeemPoints } from "../../command/RedeemPoints.ts"
import { withBackend } from "../Backend.ts"
import * as Flags from "../Flags.ts"
import * as Input from "../Input.ts"
import * as Json from "../Json.ts"
import * as Output from "../Output.ts"

export const redeem = Command.make(
  "redeem",
  {
    program: Flags.program,
    account: Flags.account,
    redemption: Flags.redemption.pipe(Flag.withDescription("The redemption id; it is the key")),
    points: Flags.points,
    type: Flag.Literals("type", ["MERCHANDISE", "TRAVEL", "CASHBACK"]).pipe(
      Flag.withDescription("What the points were redeemed for")
    ),
    processedBy: Flag.String("processed-by").pipe(Flag.withDescription("The merchant's id at Mastercard")),
    at: Flags.at,
    draw: Flags.lotPoints("draw", "Draw these lots and not those that the policy would choose")
  },
  Effect.fn("redeem")(function* (flags) {
    const program = yield* Input.read(Ids.ProgramId, "program", flags.program)
    const redeemed = yield* redeemPoints({
      program,
      account: yield* Input.read(Ids.AccountNumber, "account", flags.account),
      redemptionId: yield* Input.read(Ids.RedemptionId, "redemption", flags.redemption),
      points: yield* Input.points("points", flags.points),
      redemptionType: flags.type,
      processedBy: yield* Input.read(Ids.ProcessedBy, "processed-by", flags.processedBy),
      draws: yield* Input.lots("draw", flags.draw),
      ...(yield* Input.occurrence(program, flags.at))
    })
    yield* Output.answer(Json.redeem(redeemed), () => text(redeemed))
  }, withBackend)
).pipe(Command.withDescription("Record a redemption of points"))

const text = ({ balance, draws, points, redemptionId, replayed }: PointsRedeemed): string => {
  const known = replayed ? " (known already)" : ""
  const rows = draws.map((draw) => [
    draw.lotId,
    Points.toString(draw.points),
    Output.instantText(draw.earnedAt),
    Output.instantText(draw.expiresAt)
  ])
  return [
    `redeemed ${Output.pointsText(points)} as ${redemptionId}, ${Output.pointsText(balance)} left${known}`,
    Output.table(["drawn from", "points", "earned", "expires"], rows, new Set(["points"]))
  ].join("\n")
}
