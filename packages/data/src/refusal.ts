/** What a file system says, in words. */
import type { PlatformError } from "effect/PlatformError"

/** The code that Node gives an error of the system, such as `EISDIR`. */
const codeOf = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined

const byCode = new Map<unknown, string>([
  ["EISDIR", "it is a folder, a file is needed"],
  ["ENOTDIR", "it, or a folder of its path, is a file"],
  ["EMFILE", "too many files are open"],
  ["EIO", "the disk cannot read it"]
])

/**
 * Why a file or a folder cannot be read: `there is no data.csv`, `it is a folder, a file is needed`. The message of the
 * error names a call and a tag.
 */
export const refusalOf = ({ reason }: PlatformError): string => {
  const path = "pathOrDescriptor" in reason ? reason.pathOrDescriptor : undefined
  if (reason._tag === "NotFound") return `there is no ${path ?? "such file or folder"}`
  if (reason._tag === "PermissionDenied") return "reading it is not permitted"
  return byCode.get(codeOf(reason.cause)) ?? reason.message
}
