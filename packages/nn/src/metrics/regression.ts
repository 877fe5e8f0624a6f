/** The regression losses as metrics. */
import * as Regression from "../loss/regression.ts"
import { fromLoss, type Metric } from "./metric.ts"

/** The mean of `(y - t)^2`. */
export const meanSquaredError: Metric<"values"> = fromLoss(Regression.meanSquaredError)
/** The mean of `|y - t|`. */
export const meanAbsoluteError: Metric<"values"> = fromLoss(Regression.meanAbsoluteError)
