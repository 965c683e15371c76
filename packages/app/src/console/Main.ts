/** Begins the console in the page that the server wrote for it. */
import { createElement, render } from "preact"
import { App } from "./App.ts"

render(createElement(App, null), document.getElementById("console") as HTMLElement)
