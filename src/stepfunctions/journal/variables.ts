import type { Variables } from '../asl/program.ts'

/** The variables of one block's run, inside those of the block around it. */
export class VariableScope implements Variables {
  readonly #around: VariableScope | undefined
  readonly #values = new Map<string, unknown>()

  constructor(around?: VariableScope) {
    this.#around = around
  }

  get(name: string): unknown {
    const own = this.#values.get(name)
    return own !== undefined || this.#around === undefined ? own : this.#around.get(name)
  }

  /** Assigns where the state runs: a branch does not change what is around it. */
  assign(name: string, value: unknown): void {
    this.#values.set(name, value)
  }
}
