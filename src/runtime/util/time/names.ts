/** Names of java.time in US English. */
export const MONTHS = 'January February March April May June July August September October November December'.split(' ')
export const DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')
export const QUARTERS = ['1st quarter', '2nd quarter', '3rd quarter', '4th quarter']

/** Names by the number of letters: three short, four full, five narrow. */
export function styled(name: string, count: number): string {
  if (count === 4) return name
  return count === 5 ? name.slice(0, 1) : name.slice(0, 3)
}
