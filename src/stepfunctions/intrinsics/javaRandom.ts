/**
 * The generator of `java.util.Random`, so that a seed gives the numbers that the service gives: a linear congruential
 * generator of 48 bits.
 */
export function javaRandom(seed: bigint): { nextDouble(): number; nextInt(bound: number): number } {
  const MASK = (1n << 48n) - 1n
  const MULTIPLIER = 0x5deece66dn
  let state = (seed ^ MULTIPLIER) & MASK
  const next = (bits: number): number => {
    state = (state * MULTIPLIER + 0xbn) & MASK
    return Number(BigInt.asIntN(32, state >> BigInt(48 - bits)))
  }
  return {
    nextDouble: () => (next(26) * 2 ** 27 + next(27)) / 2 ** 53,
    nextInt(bound) {
      if ((bound & -bound) === bound) return Number((BigInt(bound) * BigInt(next(31))) >> 31n)
      for (;;) {
        const bits = next(31)
        const value = bits % bound
        if (bits - value + (bound - 1) <= 0x7fffffff) return value
      }
    },
  }
}
