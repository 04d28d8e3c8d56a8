/** The warehouse: how many of a good are there. A real one would ask a system of its own. */
export const handler = async ({ goodId }) => {
  const letters = [...goodId].reduce((sum, letter) => sum + letter.codePointAt(0), 0)
  return { available: letters % 50, warehouse: letters % 2 === 0 ? 'north' : 'south' }
}
