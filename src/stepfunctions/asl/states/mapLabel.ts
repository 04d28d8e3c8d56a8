/** Characters of a Map state's label (https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html). */
export const MAX_LABEL_LENGTH = 40

const FORBIDDEN = new Set(' ?*<>{}[]:;,\\|^~$#%&`"')

/** What is wrong with a label; undefined when nothing is. */
export function labelProblem(label: string): string | undefined {
  if (label === '') return 'Label cannot be empty'
  if (label.length > MAX_LABEL_LENGTH) return `Label cannot exceed ${MAX_LABEL_LENGTH} characters`
  const wrong = [...label].find((character) => FORBIDDEN.has(character) || isControl(character))
  return wrong === undefined ? undefined : `Label contains invalid character: ${pythonText(wrong)}`
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

/**
 * The message in which a label is refused. As recorded, it holds the definition as Python's `json` writes it and the
 * problem as Python's `repr` does.
 */
export function labelErrorMessage(wrong: string, definition: unknown): string {
  return `Error=ValueError Args=[${pythonText(wrong)}] in definition '${pythonJson(definition)}'.`
}

/** A text as Python's `repr` writes it. */
function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let out = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (character === quote || character === '\\') out += `\\${character}`
    else if (character === '\n') out += '\\n'
    else if (character === '\r') out += '\\r'
    else if (character === '\t') out += '\\t'
    else if (isControl(character)) out += `\\x${code.toString(16).padStart(2, '0')}`
    else out += character
  }
  return quote + out + quote
}

/** JSON as Python's `json.dumps` writes it: a blank after every comma and colon, ASCII only. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${pythonJson(key)}: ${pythonJson(inner)}`)
      .join(', ')}}`
  }
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
