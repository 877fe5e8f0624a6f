/** `npm run docs:operations`: writes docs/operations.md. */
import { writeFileSync } from "node:fs"
import { currentPage, pageFile } from "./operations-page.ts"

writeFileSync(pageFile, currentPage())
