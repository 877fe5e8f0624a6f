/** Python expressions as data: as much of the language as calls of schedulers and optimizers are written in. */

/** A parsed expression. */
export type Expression =
  | { readonly tag: "number"; readonly value: number }
  | { readonly tag: "text"; readonly value: string }
  /** A name, dotted or not; True, False and None are names. */
  | { readonly tag: "name"; readonly name: string }
  | { readonly tag: "list"; readonly items: ReadonlyArray<Expression> }
  | {
      readonly tag: "call"
      readonly name: string
      readonly args: ReadonlyArray<Expression>
      readonly kwargs: ReadonlyMap<string, Expression>
    }
  | { readonly tag: "lambda"; readonly parameter: string; readonly body: Expression }
  | { readonly tag: "binary"; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly tag: "negated"; readonly operand: Expression }
  | { readonly tag: "conditional"; readonly condition: Expression; readonly yes: Expression; readonly no: Expression }

interface Token {
  readonly kind: "number" | "text" | "name" | "symbol" | "end"
  readonly text: string
}

const pattern =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<text>'[^']*'|"[^"]*")|(?<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?<symbol>\*\*|\/\/|[<>=!]=|[()[\],=:+\-*/%<>]))/y

const tokens = (source: string): ReadonlyArray<Token> => {
  const out: Array<Token> = []
  const text = source.trim()
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex
    const groups = pattern.exec(text)?.groups
    if (groups === undefined)
      throw new SyntaxError(
        `Python: ${JSON.stringify(text.slice(at, at + 12))} in ${JSON.stringify(text)} is not understood`
      )
    const kind = (["number", "text", "name", "symbol"] as const).find((k) => groups[k] !== undefined) ?? "symbol"
    out.push({ kind, text: groups[kind] ?? "" })
  }
  return [...out, { kind: "end", text: "the end" }]
}

/** How tightly binary operators bind; all of these are left-associative. */
const precedence: ReadonlyArray<ReadonlyArray<string>> = [
  ["==", "!=", "<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "//", "%"]
]

class Parser {
  readonly source: string
  readonly tokens: ReadonlyArray<Token>
  at = 0

  constructor(source: string) {
    this.source = source
    this.tokens = tokens(source)
  }

  private get token(): Token {
    return this.tokens[this.at] ?? { kind: "end", text: "the end" }
  }

  private accept(text: string): boolean {
    const { kind, text: actual } = this.token
    if (actual !== text || (kind !== "symbol" && kind !== "name")) return false
    this.at++
    return true
  }

  private expect(text: string): void {
    if (!this.accept(text))
      throw new SyntaxError(`Python: expected ${text} before ${this.token.text} in ${JSON.stringify(this.source)}`)
  }

  whole(): Expression {
    const expression = this.expression()
    if (this.token.kind !== "end")
      throw new SyntaxError(`Python: ${this.token.text} was not expected in ${JSON.stringify(this.source)}`)
    return expression
  }

  private expression(): Expression {
    if (this.accept("lambda")) {
      const parameter = this.token.text
      this.at++
      this.expect(":")
      return { tag: "lambda", parameter, body: this.expression() }
    }
    const yes = this.binary(0)
    if (!this.accept("if")) return yes
    const condition = this.binary(0)
    this.expect("else")
    return { tag: "conditional", condition, yes, no: this.expression() }
  }

  private binary(level: number): Expression {
    const operators = precedence[level]
    if (operators === undefined) return this.unary()
    let left = this.binary(level + 1)
    for (;;) {
      const operator = operators.find((o) => this.accept(o))
      if (operator === undefined) return left
      left = { tag: "binary", operator, left, right: this.binary(level + 1) }
    }
  }

  private unary(): Expression {
    if (this.accept("-")) return { tag: "negated", operand: this.unary() }
    const base = this.primary()
    return this.accept("**") ? { tag: "binary", operator: "**", left: base, right: this.unary() } : base
  }

  private primary(): Expression {
    const { kind, text } = this.token
    if (kind === "end") throw new SyntaxError(`Python: ${JSON.stringify(this.source)} ends too early`)
    this.at++
    if (kind === "number") return { tag: "number", value: Number(text) }
    if (kind === "text") return { tag: "text", value: text.slice(1, -1) }
    if (kind === "name") return this.accept("(") ? this.call(text) : { tag: "name", name: text }
    if (text === "[") return { tag: "list", items: this.items("]") }
    if (text === "(") {
      const items = this.items(")")
      const [only] = items
      return items.length === 1 && only !== undefined ? only : { tag: "list", items }
    }
    throw new SyntaxError(`Python: ${text} was not expected in ${JSON.stringify(this.source)}`)
  }

  private items(close: string): ReadonlyArray<Expression> {
    const items: Array<Expression> = []
    while (!this.accept(close)) {
      items.push(this.expression())
      if (!this.accept(",")) {
        this.expect(close)
        break
      }
    }
    return items
  }

  private call(name: string): Expression {
    const args: Array<Expression> = []
    const kwargs = new Map<string, Expression>()
    while (!this.accept(")")) {
      const next = this.tokens[this.at + 1]
      if (this.token.kind === "name" && next?.text === "=") {
        const key = this.token.text
        this.at += 2
        kwargs.set(key, this.expression())
      } else args.push(this.expression())
      if (!this.accept(",")) {
        this.expect(")")
        break
      }
    }
    return { tag: "call", name, args, kwargs }
  }
}

/** Parses one expression; a comment after `#` is left out. Throws a SyntaxError that says where it stopped. */
export const parseExpression = (source: string): Expression => new Parser(source.replace(/#.*$/, "")).whole()

/** A call whose arguments are expressions. */
export type CallExpression = Extract<Expression, { readonly tag: "call" }>

/** Parses a call. */
export const parseCall = (source: string): CallExpression => {
  const expression = parseExpression(source)
  if (expression.tag !== "call") throw new SyntaxError(`Python: ${JSON.stringify(source)} is not a call`)
  return expression
}

/** A literal as plain data; undefined for what is none. */
export const literal = (expression: Expression): unknown => {
  switch (expression.tag) {
    case "number":
    case "text":
      return expression.value
    case "negated": {
      const value = literal(expression.operand)
      return typeof value === "number" ? -value : undefined
    }
    case "list":
      return expression.items.map(literal)
    case "name":
      return expression.name === "True"
        ? true
        : expression.name === "False"
          ? false
          : expression.name === "None"
            ? null
            : undefined
    default:
      return undefined
  }
}
