/** What a Schema says of a value, as sentences with the place inside the value and what stands there. */
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const keyOf = (segment: PropertyKey | { readonly key: PropertyKey }): PropertyKey =>
  typeof segment === "object" ? segment.key : segment

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}

/** One sentence per issue of a failed decoding of `value`. */
export const issuesOf = ({ issue }: Schema.SchemaError, value: unknown): ReadonlyArray<string> =>
  format(issue).issues.map(({ message, path = [] }) => {
    const keys = path.map(keyOf)
    const found = keys.reduce<unknown>(
      (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
      value
    )
    const place = keys.map((key) => JSON.stringify(String(key))).join(".")
    const what = found === undefined || keys.length === 0 ? message : `${message}, found ${shown(found)}`
    return place === "" ? what : `${place}: ${what}`
  })
