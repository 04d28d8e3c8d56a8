import type { ASTNode, DocumentNode, StringValueNode, Token } from 'graphql'
import { Kind, TokenKind, visit } from 'graphql'

const DESCRIBED: ReadonlySet<string> = new Set([
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.FIELD_DEFINITION,
  Kind.INPUT_VALUE_DEFINITION,
  Kind.ENUM_VALUE_DEFINITION,
])

/** Comments directly above a definition, its first line last; an empty comment line starts over. */
function commentAbove(first: Token): string | undefined {
  const lines: string[] = []
  for (let token = first.prev; token !== null && token.kind === TokenKind.COMMENT; token = token.prev) {
    if (token.value.trim() === '') break
    lines.unshift(token.value)
  }
  return lines.length === 0 ? undefined : lines.join('\n')
}

/** Takes comments for descriptions where there is no description, as graphql-java (and so AppSync) does. */
export function withCommentDescriptions(document: DocumentNode): DocumentNode {
  return visit(document, {
    enter(node: ASTNode) {
      if (!DESCRIBED.has(node.kind) || ('description' in node && node.description !== undefined)) return undefined
      const text = node.loc === undefined ? undefined : commentAbove(node.loc.startToken)
      if (text === undefined) return undefined
      const description: StringValueNode = { kind: Kind.STRING, value: text }
      return { ...node, description }
    },
  })
}
