/** `npm run docs:optimizers`: writes docs/optimizers.md. Its pictures are drawn by examples/optimizer-paths/paths.ts. */
import { writeFileSync } from "node:fs"
import { currentOptimizersPage, optimizersFile } from "./optimizers-page.ts"

writeFileSync(optimizersFile, currentOptimizersPage())
