import { has, oneOf, type Place, problem, textField } from '../check.ts'
import { member } from '../json.ts'
import type { Transition } from '../program.ts'

/** `Next` or `End`, exactly one of which a state has. */
export function compileTransition(place: Place): Transition {
  oneOf(place, ['Next', 'End'], true)
  if (has(place, 'Next')) return { next: textField(place, 'Next') ?? '' }
  if (has(place, 'End') && member(place.fields, 'End') !== true) problem(place, 'Value must be true', 'End')
  return { end: true }
}
