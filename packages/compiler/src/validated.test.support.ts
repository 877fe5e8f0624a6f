/** Set up before every test file of the compiler: what every pass makes is validated. */
import { watchPasses } from "./watch.ts"
import { validateStage } from "./validate/index.ts"

watchPasses(validateStage)
