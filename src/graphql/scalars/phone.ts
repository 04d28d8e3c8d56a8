import { createRequire } from 'node:module'
import { textCoercion } from './coercion.ts'

/** Longest text that is looked at; the longest written number of the world is far below. */
const MAX_PHONE = 64

type IsValidPhoneNumber = (text: string, country: string) => boolean
let isValidPhoneNumber: IsValidPhoneNumber | undefined

/** The numbering plans of the world are big, so they are loaded when the first number is looked at. */
function loadNumberingPlans(): IsValidPhoneNumber {
  const loaded: { isValidPhoneNumber: IsValidPhoneNumber } = createRequire(import.meta.url)('libphonenumber-js/max')
  return loaded.isValidPhoneNumber
}

/** A number that can exist; without a country code it is one of the United States. */
export function isPhone(text: string): boolean {
  // Only digits and the delimiters that AWS documents: the library would also find a number inside prose.
  if (text.length > MAX_PHONE || !/^\+?[\d\s().-]+$/.test(text)) return false
  isValidPhoneNumber ??= loadNumberingPlans()
  return isValidPhoneNumber(text, 'US')
}

export const awsPhone = textCoercion(isPhone, 'phone number', 'Phone Number')
