/** The console: who is signed in, and the view of the place where they are. */
import type { VNode } from "preact"
import { useEffect, useState } from "preact/hooks"
import { h } from "../page/Element.ts"
import { AccountView } from "./AccountView.ts"
import type { OwnKey } from "./Answers.ts"
import { BreaksView } from "./BreaksView.ts"
import { BreakView } from "./BreakView.ts"
import { CellView } from "./CellView.ts"
import { component } from "./Component.ts"
import { InFlightView } from "./InFlightView.ts"
import { LotView } from "./LotView.ts"
import { fragment, type Params, type Place, usePlace, type View } from "./Place.ts"
import { ProgramView } from "./ProgramView.ts"
import { RedemptionView } from "./RedemptionView.ts"
import { RollForwardView } from "./RollForwardView.ts"
import { forgetKey, type Session, SessionProvider } from "./Session.ts"
import { signIn } from "./SignIn.ts"

const VIEWS: Readonly<Record<View, (props: { readonly place: Place }) => VNode>> = {
  account: AccountView,
  redemption: RedemptionView,
  lot: LotView,
  program: ProgramView,
  "roll-forward": RollForwardView,
  cell: CellView,
  "in-flight": InFlightView,
  breaks: BreaksView,
  break: BreakView
}

/** Where the navigation leads, and which views belong there. */
const NAVIGATION: ReadonlyArray<readonly [view: View, title: string, within: ReadonlyArray<View>]> = [
  ["account", "Account", ["account", "redemption", "lot"]],
  ["program", "Program", ["program"]],
  ["roll-forward", "Roll-forward", ["roll-forward", "cell"]],
  ["in-flight", "Credits in flight", ["in-flight"]],
  ["breaks", "Breaks", ["breaks", "break"]]
]

/** What a place keeps when somebody goes on to another part of the console. */
const kept = ({ program }: Place): Params => (program === undefined ? {} : { program })

const navigation = (place: Place): VNode =>
  h(
    "nav",
    { "aria-label": "Parts of the console" },
    h(
      "ul",
      null,
      NAVIGATION.map(([view, title, within]) =>
        h(
          "li",
          null,
          h(
            "a",
            {
              href: fragment(view, kept(place)),
              ...(within.includes(place.view) ? { "aria-current": view === place.view ? "page" : "true" } : {})
            },
            title
          )
        )
      )
    )
  )

// The fragment says where one is, so the link must not change it.
const skipLink = (): VNode =>
  h(
    "a",
    {
      class: "skip",
      href: "#main",
      onClick: (event: MouseEvent) => {
        event.preventDefault()
        document.getElementById("main")?.focus()
      }
    },
    "Skip to the content"
  )

const TITLE = "Pointback console"

const SignedIn = ({
  own,
  session,
  told
}: {
  readonly own: OwnKey
  readonly session: Session
  readonly told: string
}): VNode => {
  const place = usePlace()
  const [begun, setBegun] = useState(false)
  const here = JSON.stringify(place)
  useEffect(() => {
    document.title = `${NAVIGATION.find(([, , within]) => within.includes(place.view))?.[1]} – ${TITLE}`
    // Whoever comes from elsewhere reads from the heading on; whoever opens the page, from its beginning.
    if (begun) document.getElementById("title")?.focus()
    setBegun(true)
  }, [here])
  const { name, programs, scopes } = own
  return h(
    "div",
    null,
    skipLink(),
    h(
      "header",
      { class: "bar" },
      h(
        "div",
        { class: "brand" },
        h("strong", null, TITLE),
        h(
          "span",
          { class: "who" },
          `Key ${name}: ${scopes.join(", ")}; ${programs.includes("*") ? "all programs" : programs.join(", ")} `,
          h("button", { class: "plain", type: "button", onClick: () => session.signOut() }, "Sign out")
        )
      ),
      navigation(place)
    ),
    h("p", { class: "unseen status", role: "status" }, told),
    // A view begins anew at each place: nothing of another account is left in it.
    h("main", { id: "main", tabIndex: -1, key: here }, component(VIEWS[place.view], { place }))
  )
}

/** All of it. */
export const App = (): VNode => {
  const [signed, setSigned] = useState<{ readonly key: string; readonly own: OwnKey } | null>(null)
  const [why, setWhy] = useState<string | null>(null)
  const [told, say] = useState("")
  useEffect(() => {
    if (signed === null) document.title = `Sign in – ${TITLE}`
  }, [signed])
  if (signed === null) {
    return signIn({
      why,
      signedIn: (key, own) => {
        setWhy(null)
        setSigned({ key, own })
      }
    })
  }
  const signOut = (reason?: string) => {
    forgetKey()
    setWhy(reason ?? null)
    setSigned(null)
    say("")
  }
  const session = { ...signed, signOut, say }
  const { own } = signed
  return component(SessionProvider, { value: session, children: component(SignedIn, { own, session, told }) })
}
