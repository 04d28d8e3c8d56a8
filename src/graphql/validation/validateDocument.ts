import type {
  ArgumentNode,
  ASTNode,
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLArgument,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLInputType,
  GraphQLOutputType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  TypeNode,
  ValueNode,
  VariableDefinitionNode,
} from 'graphql'
import {
  DirectiveLocation,
  doTypesOverlap,
  getNamedType,
  isCompositeType,
  isInputObjectType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  Kind,
  typeFromAST,
} from 'graphql'
import type { GraphqlErrorObject, SourcePosition } from '../errors.ts'
import { describeMisfit, isValidDefault, printLiteral } from './literals.ts'
import { createOverlapChecker } from './overlappingFields.ts'

/** Validation errors that one answer has; the rest of a document is not looked at. */
export const MAX_VALIDATION_ERRORS = 100

export interface ValidationOptions {
  /** `introspectionConfig`: where false, the types of introspection have no fields. */
  introspection: boolean
}

/** Thrown to leave the traversal once there are enough errors. */
class TooManyErrors extends Error {}

/**
 * Checks a document against a schema: graphql-java's rules in its order, with its words (`Validation error of type
 * FieldUndefined: …`), as AppSync answers them. One traversal; what fragments say of variables is looked at again
 * per operation.
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  options: ValidationOptions,
): GraphqlErrorObject[] {
  const errors: GraphqlErrorObject[] = []
  try {
    new Validation(schema, document, options, errors).run()
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error
  }
  return errors
}

export function positionOf(node: ASTNode): SourcePosition {
  const token = node.loc?.startToken
  return { line: token?.line ?? 1, column: token?.column ?? 1, sourceName: null }
}

/** State of one validation. A class because the rules share it all along one walk. */
class Validation {
  readonly #schema: GraphQLSchema
  readonly #document: DocumentNode
  readonly #options: ValidationOptions
  readonly #errors: GraphqlErrorObject[]
  readonly #fragments = new Map<string, FragmentDefinitionNode>()
  readonly #path: string[] = []
  readonly #overlaps
  readonly #usedFragments = new Set<string>()
  /** The operation whose variables are looked at; undefined inside fragment definitions. */
  #variables: Map<string, VariableDefinitionNode> | undefined
  #usedVariables = new Set<string>()
  #visitedFragments = new Set<string>()
  /** True while a fragment is walked on behalf of an operation: only the rules about variables apply. */
  #onlyVariables = false

  constructor(schema: GraphQLSchema, document: DocumentNode, options: ValidationOptions, errors: GraphqlErrorObject[]) {
    this.#schema = schema
    this.#document = document
    this.#options = options
    this.#errors = errors
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION && !this.#fragments.has(definition.name.value)) {
        this.#fragments.set(definition.name.value, definition)
      }
    }
    this.#overlaps = createOverlapChecker(schema, this.#fragments)
  }

  #report(type: string, message: string, ...nodes: ASTNode[]): void {
    const at = this.#path.length === 0 ? '' : ` @ '${this.#path.join('/')}'`
    this.#errors.push({
      path: null,
      locations: nodes.map(positionOf),
      message: `Validation error of type ${type}: ${message}${at}`,
    })
    if (this.#errors.length >= MAX_VALIDATION_ERRORS) throw new TooManyErrors()
  }

  run(): void {
    const cyclic = this.#reportFragmentCycles()
    const operationNames = new Set<string>()
    const fragmentNames = new Set<string>()
    let anonymous = false
    for (const definition of this.#document.definitions) {
      switch (definition.kind) {
        case Kind.OPERATION_DEFINITION: {
          const name = definition.name?.value
          if (name === undefined) {
            if (operationNames.size > 0) {
              this.#report('LoneAnonymousOperationViolation', 'Anonymous operation with other operations.', definition)
            }
            anonymous = true
          } else {
            if (anonymous) {
              const message = `Operation ${name} is following anonymous operation.`
              this.#report('LoneAnonymousOperationViolation', message, definition)
            }
            if (operationNames.has(name)) {
              this.#report('DuplicateOperationName', `There can be only one operation named '${name}'`, definition)
            }
            operationNames.add(name)
          }
          this.#visitOperation(definition, cyclic)
          break
        }
        case Kind.FRAGMENT_DEFINITION:
          if (fragmentNames.has(definition.name.value)) {
            const message = `There can be only one fragment named '${definition.name.value}'`
            this.#report('DuplicateFragmentName', message, definition)
          }
          fragmentNames.add(definition.name.value)
          this.#visitFragment(definition, cyclic)
          break
        default: {
          const name = 'name' in definition && definition.name !== undefined ? definition.name.value : 'schema'
          this.#report('NonExecutableDefinition', `The ${name} definition is not executable.`, definition)
        }
      }
    }
    for (const fragment of this.#fragments.values()) {
      if (!this.#usedFragments.has(fragment.name.value)) {
        this.#report('UnusedFragment', `Unused fragment ${fragment.name.value}`, fragment)
      }
    }
  }

  /** Depth-first with a bounded stack of names; each cycle is told once, at the fragment that closes it. */
  #reportFragmentCycles(): boolean {
    const state = new Map<string, 'open' | 'done'>()
    let found = false
    const spreadsOf = (fragment: FragmentDefinitionNode): string[] => {
      const names: string[] = []
      const stack: SelectionSetNode[] = [fragment.selectionSet]
      for (let set = stack.pop(); set !== undefined; set = stack.pop()) {
        for (const selection of set.selections) {
          if (selection.kind === Kind.FRAGMENT_SPREAD) names.push(selection.name.value)
          else if (selection.selectionSet !== undefined) stack.push(selection.selectionSet)
        }
      }
      return names
    }
    for (const start of this.#fragments.values()) {
      if (state.has(start.name.value)) continue
      const stack: { fragment: FragmentDefinitionNode; spreads: string[] }[] = []
      const open = (fragment: FragmentDefinitionNode): void => {
        state.set(fragment.name.value, 'open')
        stack.push({ fragment, spreads: spreadsOf(fragment) })
      }
      open(start)
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const next = top.spreads.pop()
        if (next === undefined) {
          state.set(top.fragment.name.value, 'done')
          stack.pop()
          continue
        }
        const fragment = this.#fragments.get(next)
        if (fragment === undefined || state.get(next) === 'done') continue
        if (state.get(next) === 'open') {
          found = true
          this.#report('FragmentCycle', 'Fragment cycles not allowed', fragment)
        } else open(fragment)
      }
    }
    return found
  }

  #visitOperation(operation: OperationDefinitionNode, cyclic: boolean): void {
    this.#variables = new Map()
    this.#usedVariables = new Set()
    this.#visitedFragments = new Set()
    for (const definition of operation.variableDefinitions ?? []) this.#visitVariableDefinition(definition)
    const location = {
      query: DirectiveLocation.QUERY,
      mutation: DirectiveLocation.MUTATION,
      subscription: DirectiveLocation.SUBSCRIPTION,
    }[operation.operation]
    this.#visitDirectives(operation.directives, location)
    const root = this.#schema.getRootType(operation.operation) ?? undefined
    this.#visitSelectionSet(operation.selectionSet, root, cyclic)
    for (const [name, definition] of this.#variables) {
      if (!this.#usedVariables.has(name)) this.#report('UnusedVariable', `Unused variable ${name}`, definition)
    }
    this.#variables = undefined
  }

  #visitVariableDefinition(definition: VariableDefinitionNode): void {
    const name = definition.variable.name.value
    if (this.#variables?.has(name) === true) {
      this.#report('DuplicateVariableName', `There can be only one variable named '${name}'`, definition)
    } else this.#variables?.set(name, definition)
    this.#visitTypeName(definition.type)
    const type = typeFromAST(this.#schema, definition.type)
    if (type !== undefined && !isInputType(type)) {
      this.#report('NonInputTypeOnVariable', 'Wrong type for a variable', definition)
    } else if (type !== undefined && definition.defaultValue !== undefined) {
      if (!isValidDefault(definition.defaultValue, type)) {
        const message = `Bad default value ${printLiteral(definition.defaultValue)} for type ${String(type)}`
        this.#report('BadValueForDefaultArg', message, definition)
      }
    }
    this.#visitDirectives(definition.directives, DirectiveLocation.VARIABLE_DEFINITION)
  }

  #visitTypeName(node: TypeNode): void {
    let named = node
    while (named.kind !== Kind.NAMED_TYPE) named = named.type
    if (this.#schema.getType(named.name.value) === undefined) {
      this.#report('UnknownType', `Unknown type ${named.name.value}`, named)
    }
  }

  #visitFragment(fragment: FragmentDefinitionNode, cyclic: boolean): void {
    this.#path.push(fragment.name.value)
    const type = this.#schema.getType(fragment.typeCondition.name.value)
    if (type !== undefined && !isCompositeType(type)) {
      const message = 'Fragment type condition is invalid, must be on Object/Interface/Union'
      this.#report('FragmentTypeConditionInvalid', message, fragment)
    }
    this.#visitTypeName(fragment.typeCondition)
    this.#visitDirectives(fragment.directives, DirectiveLocation.FRAGMENT_DEFINITION)
    this.#visitSelectionSet(fragment.selectionSet, isCompositeType(type) ? type : undefined, cyclic)
    this.#path.pop()
  }

  #visitSelectionSet(set: SelectionSetNode, parent: GraphQLCompositeType | undefined, cyclic: boolean): void {
    for (const selection of set.selections) {
      switch (selection.kind) {
        case Kind.FIELD:
          this.#visitField(selection, parent, cyclic)
          break
        case Kind.INLINE_FRAGMENT: {
          const condition = selection.typeCondition
          const named = condition === undefined ? parent : this.#schema.getType(condition.name.value)
          const type = isCompositeType(named) ? named : undefined
          if (!this.#onlyVariables && condition !== undefined) {
            if (named !== undefined && type === undefined) {
              const message = 'Inline fragment type condition is invalid, must be on Object/Interface/Union'
              this.#report('InlineFragmentTypeConditionInvalid', message, selection)
            } else if (type !== undefined && parent !== undefined && !doTypesOverlap(this.#schema, parent, type)) {
              const message = `Fragment cannot be spread here as objects of type ${parent.name} can never be of type ${type.name}`
              this.#report('InvalidFragmentType', message, selection)
            }
            this.#visitTypeName(condition)
          }
          this.#visitDirectives(selection.directives, DirectiveLocation.INLINE_FRAGMENT)
          this.#visitSelectionSet(selection.selectionSet, type, cyclic)
          break
        }
        case Kind.FRAGMENT_SPREAD:
          this.#visitSpread(selection.name.value, selection, parent, cyclic)
          break
      }
    }
    if (!this.#onlyVariables && !cyclic) {
      for (const { reason, nodes } of this.#overlaps.conflictsIn(set, parent)) {
        this.#report('FieldsConflict', reason, ...nodes)
      }
    }
  }

  #visitSpread(
    name: string,
    node: ASTNode & { directives?: readonly DirectiveNode[] | undefined },
    parent: GraphQLCompositeType | undefined,
    cyclic: boolean,
  ): void {
    const fragment = this.#fragments.get(name)
    const type = fragment && this.#schema.getType(fragment.typeCondition.name.value)
    // Operations walk the fragments they reach, so only those are used.
    if (this.#variables !== undefined) this.#usedFragments.add(name)
    if (!this.#onlyVariables) {
      if (fragment === undefined) this.#report('UndefinedFragment', `Undefined fragment ${name}`, node)
      if (isCompositeType(type) && parent !== undefined && !doTypesOverlap(this.#schema, parent, type)) {
        const message = `Fragment ${name} cannot be spread here as objects of type ${parent.name} can never be of type ${type.name}`
        this.#report('InvalidFragmentType', message, node)
      }
    }
    this.#visitDirectives(node.directives, DirectiveLocation.FRAGMENT_SPREAD)
    if (fragment === undefined || this.#variables === undefined || this.#visitedFragments.has(name)) return
    this.#visitedFragments.add(name)
    const before = this.#onlyVariables
    this.#onlyVariables = true
    this.#visitDirectives(fragment.directives, DirectiveLocation.FRAGMENT_DEFINITION)
    this.#visitSelectionSet(fragment.selectionSet, isCompositeType(type) ? type : undefined, cyclic)
    this.#onlyVariables = before
  }

  #fieldOf(parent: GraphQLCompositeType | undefined, name: string): GraphQLField<unknown, unknown> | undefined {
    if (parent === undefined) return undefined
    // The service hides what is inside of the introspection types, not the way to them.
    if (!this.#options.introspection && parent.name.startsWith('__') && name !== '__typename') return undefined
    return this.#schema.getField(parent, name)
  }

  #visitField(node: FieldNode, parent: GraphQLCompositeType | undefined, cyclic: boolean): void {
    const name = node.name.value
    this.#path.push(name)
    const field = this.#fieldOf(parent, name)
    if (!this.#onlyVariables) {
      if (parent !== undefined && field === undefined) {
        this.#report('FieldUndefined', `Field '${name}' in type '${parent.name}' is undefined`, node)
      }
      if (field !== undefined) {
        this.#checkRequiredArguments('field', field.args, node.arguments, node)
        this.#checkLeaf(node, field.type)
      }
    }
    this.#visitArguments('field', node.arguments, field?.args)
    this.#visitDirectives(node.directives, DirectiveLocation.FIELD)
    if (node.selectionSet !== undefined) {
      const type = field === undefined ? undefined : getNamedType(field.type)
      this.#visitSelectionSet(node.selectionSet, isCompositeType(type) ? type : undefined, cyclic)
    }
    this.#path.pop()
  }

  #checkLeaf(node: FieldNode, type: GraphQLOutputType): void {
    const named = getNamedType(type)
    if (isLeafType(named)) {
      if (node.selectionSet !== undefined) {
        this.#report('SubSelectionNotAllowed', `Sub selection not allowed on leaf type ${named.name}`, node)
      }
    } else if (node.selectionSet === undefined) {
      // graphql-java prints the name of the field's own type, and wrapped types have none.
      const printed = isListType(type) || isNonNullType(type) ? 'null' : named.name
      const message = `Sub selection required for type ${printed} of field ${node.name.value}`
      this.#report('SubSelectionRequired', message, node)
    }
  }

  #checkRequiredArguments(
    owner: 'field' | 'directive',
    definitions: readonly GraphQLArgument[],
    given: readonly ArgumentNode[] | undefined,
    node: ASTNode,
  ): void {
    for (const definition of definitions) {
      if (!isRequiredArgument(definition)) continue
      if (given?.some((argument) => argument.name.value === definition.name) === true) continue
      const type = owner === 'field' ? 'MissingFieldArgument' : 'MissingDirectiveArgument'
      this.#report(type, `Missing ${owner} argument ${definition.name}`, node)
    }
  }

  #visitArguments(
    owner: 'field' | 'directive',
    given: readonly ArgumentNode[] | undefined,
    definitions: readonly GraphQLArgument[] | undefined,
  ): void {
    if (given === undefined || given.length === 0) return
    const names = new Set<string>()
    for (const argument of given) {
      const name = argument.name.value
      const definition = definitions?.find((candidate) => candidate.name === name)
      if (!this.#onlyVariables) {
        if (names.has(name)) {
          this.#report('DuplicateArgumentNames', `There can be only one argument named '${name}'`, argument)
        }
        names.add(name)
        if (definition !== undefined) {
          const misfit = describeMisfit(name, argument.value, definition.type)
          if (misfit !== undefined) this.#report('WrongType', misfit, argument)
        } else if (definitions !== undefined) {
          const type = owner === 'field' ? 'UnknownArgument' : 'UnknownDirective'
          this.#report(type, `Unknown ${owner} argument ${name}`, argument)
        }
      }
      this.#visitVariablesIn(argument.value, definition?.type, definition?.default !== undefined)
    }
  }

  #visitVariablesIn(node: ValueNode, type: GraphQLInputType | undefined, hasDefault: boolean): void {
    switch (node.kind) {
      case Kind.VARIABLE:
        this.#visitVariable(node.name.value, node, type, hasDefault)
        return
      case Kind.LIST: {
        const nullable = type !== undefined && isNonNullType(type) ? type.ofType : type
        const item = nullable !== undefined && isListType(nullable) ? nullable.ofType : undefined
        for (const value of node.values) this.#visitVariablesIn(value, item, false)
        return
      }
      case Kind.OBJECT: {
        const named = type === undefined ? undefined : getNamedType(type)
        const fields = named !== undefined && isInputObjectType(named) ? named.getFields() : undefined
        for (const { name, value } of node.fields) {
          const field = fields !== undefined && Object.hasOwn(fields, name.value) ? fields[name.value] : undefined
          this.#visitVariablesIn(value, field?.type, field?.default !== undefined)
        }
        return
      }
      default:
        return
    }
  }

  #visitVariable(name: string, node: ASTNode, expected: GraphQLInputType | undefined, hasDefault: boolean): void {
    if (this.#variables === undefined) return
    const definition = this.#variables.get(name)
    if (definition === undefined) {
      this.#report('UndefinedVariable', `Undefined variable ${name}`, node)
      return
    }
    this.#usedVariables.add(name)
    const declared = typeFromAST(this.#schema, definition.type)
    if (declared === undefined || !isInputType(declared) || expected === undefined) return
    const defaultValue = definition.defaultValue
    const hasValue = defaultValue !== undefined && defaultValue.kind !== Kind.NULL
    const nullableSpot = hasDefault && isNonNullType(expected) ? expected.ofType : expected
    const spot =
      hasValue && isNonNullType(nullableSpot) && !isNonNullType(declared) ? nullableSpot.ofType : nullableSpot
    if (fits(declared, spot)) return
    const message = `Variable type '${String(declared)}' doesn't match expected type '${String(expected)}'`
    this.#report('VariableTypeMismatch', message, node)
  }

  #visitDirectives(directives: readonly DirectiveNode[] | undefined, location: DirectiveLocation): void {
    if (directives === undefined || directives.length === 0) return
    const names = new Set<string>()
    for (const node of directives) {
      const name = node.name.value
      const directive = this.#schema.getDirective(name)
      if (!this.#onlyVariables) {
        if (directive === undefined || directive === null)
          this.#report('UnknownDirective', `Unknown directive ${name}`, node)
        else if (!directive.locations.includes(location)) {
          this.#report('MisplacedDirective', `Directive ${name} not allowed here`, node)
        } else this.#checkRequiredArguments('directive', directive.args, node.arguments, node)
        if (names.has(name)) {
          const message = `Directives must be uniquely named within a location. The directive '${name}' used on a '${location}' is not unique.`
          this.#report('DuplicateDirectiveName', message, node)
        }
        names.add(name)
      }
      this.#visitArguments('directive', node.arguments, directive?.args)
    }
  }
}

/** Whether a variable of one type may stand where another is expected. */
function fits(variable: GraphQLInputType, expected: GraphQLInputType): boolean {
  if (isNonNullType(expected)) return isNonNullType(variable) && fits(variable.ofType, expected.ofType)
  if (isNonNullType(variable)) return fits(variable.ofType, expected)
  if (isListType(expected)) return isListType(variable) && fits(variable.ofType, expected.ofType)
  return variable === expected
}
