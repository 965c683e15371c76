/** Parts of the page that have a state of their own. */
import { type ComponentType, createElement, type VNode } from "preact"

/** A component with what it is given. */
export const component = <Props>(of: ComponentType<Props>, props: Props & { readonly key?: string }): VNode =>
  createElement<object>(of as ComponentType<object>, props)
