/** The one error of this package: a chart that cannot be drawn or written. */
import * as Schema from "effect/Schema"

/**
 * A chart that cannot be drawn or written; the message is a sentence. `kind` says where to look: at the data that was
 * to be drawn (`argument`), at the drawing programs (`renderer`), or at the file that was to be written (`file`).
 */
export class VizError extends Schema.TaggedError<VizError>()("VizError", {
  kind: Schema.Literals(["argument", "renderer", "file"]),
  message: Schema.String
}) {}
