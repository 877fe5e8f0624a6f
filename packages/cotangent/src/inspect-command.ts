/** `cotangent inspect`: what is in a run, a checkpoint, or a file of weights. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { Argument, Command } from "effect/cli"
import type { Value } from "@cotangent/graph"
import { recordText } from "./progress.ts"
import { reportFlags, reporting } from "./report.ts"
import { readDescription } from "./run-folder.ts"
import { readStored, type Stored } from "./stored-weights.ts"
import { alignedTable } from "./aligned-table.ts"

/** A tensor in numbers. */
interface Inspected {
  readonly name: string
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  readonly size: number
  readonly bytes: number
  readonly min: number
  readonly max: number
  readonly mean: number
  /** How many of its numbers are NaN or infinite. */
  readonly nonFinite: number
}

const inspected = (name: string, { dtype, shape, data }: Value): Inspected => {
  let [min, max, sum, nonFinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const x of data) {
    if (!Number.isFinite(x)) {
      nonFinite++
      continue
    }
    min = Math.min(min, x)
    max = Math.max(max, x)
    sum += x
  }
  const finite = data.length - nonFinite
  return {
    name,
    dtype,
    shape: shape.map(Number),
    size: data.length,
    bytes: data.byteLength,
    min: finite === 0 ? Number.NaN : min,
    max: finite === 0 ? Number.NaN : max,
    mean: finite === 0 ? Number.NaN : sum / finite,
    nonFinite
  }
}

const short = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(4))) : "-")

const tensorTable = (tensors: ReadonlyArray<Inspected>): string =>
  alignedTable([
    ["tensor", "type", "shape", "numbers", "bytes", "min", "mean", "max", "not finite"],
    ...tensors.map(({ name, dtype, shape, size, bytes, min, mean, max, nonFinite }) => [
      name,
      dtype,
      `[${shape.join(", ")}]`,
      size.toLocaleString("en-US"),
      bytes.toLocaleString("en-US"),
      short(min),
      short(mean),
      short(max),
      nonFinite === 0 ? "" : String(nonFinite)
    ])
  ])

const fieldText = (fields: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length))
  return Object.entries(fields).map(([name, value]) => `  ${name.padEnd(width)}  ${String(value)}`)
}

/** The epochs of a history in two lines: the last, and the best by the loss that counts. */
const historyText = (epochs: Extract<Stored, { _tag: "Checkpoint" }>["checkpoint"]["history"]["epochs"]) => {
  const last = epochs.at(-1)
  return last === undefined ? [] : [`Epoch ${last.epoch}: ${recordText(last)}`]
}

const describeStored = (stored: Stored) => {
  const tensors = stored._tag === "Tensors" ? stored.contents.tensors : stored.checkpoint.tensors
  const table = Object.entries(tensors).map(([name, value]) => inspected(name, value))
  const numbers = table.reduce((sum, { size }) => sum + size, 0)
  const bytes = table.reduce((sum, each) => sum + each.bytes, 0)
  const total = `${table.length} tensors, ${numbers.toLocaleString("en-US")} numbers, ${bytes.toLocaleString("en-US")} bytes in ${stored.path}`
  if (stored._tag === "Tensors") {
    const { metadata } = stored.contents
    return {
      text: [
        ...(Object.keys(metadata).length === 0 ? [] : ["Metadata", ...fieldText(shortened(metadata)), ""]),
        tensorTable(table),
        total
      ],
      json: { kind: "tensors", path: stored.path, metadata, tensors: table }
    }
  }
  const { step, history, stopped, retries, settings, callbacks } = stored.checkpoint
  return {
    text: [
      `Checkpoint after step ${step}, ${history.epochs.length} epochs${stopped === undefined ? "" : `, stopped by ${stopped}`}${retries === 0 ? "" : `, rolled back ${retries} times`}`,
      ...historyText(history.epochs),
      "",
      "Settings",
      ...fieldText(settings),
      "",
      tensorTable(table),
      total
    ],
    json: {
      kind: "checkpoint",
      path: stored.path,
      step,
      epochs: history.epochs.length,
      ...(stopped === undefined ? {} : { stopped }),
      retries,
      settings,
      callbacks,
      last: history.epochs.at(-1),
      tensors: table
    }
  }
}

/** Long texts, such as a graph in the metadata, are cut: they are for programs. */
const shortened = (fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value.length > 120 ? `${value.slice(0, 100)}... (${value.length} characters)` : value
    ])
  )

/** The command. */
export const inspect = Command.make(
  "inspect",
  {
    path: Argument.String("path").pipe(
      Argument.withDescription(
        "the folder of a run, a checkpoint, a folder of checkpoints (the newest is looked at), or a safetensors file"
      )
    ),
    ...reportFlags
  },
  Effect.fnUntraced(function* ({ path, ...flags }) {
    yield* reporting(flags, (report) =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const isFolder = yield* fs.stat(path).pipe(
          Effect.map(({ type }) => type === "Directory"),
          Effect.orElseSucceed(() => false)
        )
        const stored = yield* readStored(path)
        const description = isFolder ? yield* readDescription(path) : undefined
        const { text, json } = describeStored(stored)
        const lines =
          description === undefined
            ? text
            : [
                `Experiment ${description.experiment}, ${Object.entries(description.packages)
                  .map(([name, version]) => `${name} ${version}`)
                  .join(", ")}`,
                `Data ${description.data.name}: ${description.data.size} rows of [${description.data.inputShape.join(", ")}]`,
                "",
                ...description.summary,
                "",
                ...(stored._tag === "Tensors" ? ["Settings", ...fieldText(description.settings), ""] : []),
                ...text
              ]
        yield* report.answer({
          text: lines.join("\n"),
          quiet: json.tensors.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape.join(", ")}]`).join("\n"),
          json: { event: "inspected", ...(description === undefined ? {} : { run: description }), ...json }
        })
      })
    )
  })
).pipe(
  Command.withDescription(
    "Show what is in a run, a checkpoint, or a file of weights: the model, the settings, every tensor with its shape and its range"
  ),
  Command.withShortDescription("show what is in a run, a checkpoint, or a file of weights"),
  Command.withExamples([
    { command: "cotangent inspect runs/iris", description: "A run" },
    { command: "cotangent inspect runs/iris/checkpoints", description: "Its newest checkpoint" }
  ])
)
