/** A page whose level is not reached, for the test that such a page fails. */
import { judge, show } from "./page.ts"

show(judge({ what: "accuracy", values: [0.7, 0.8], atLeast: 0.8 }))
