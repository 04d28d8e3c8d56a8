import type { AnyNode, Identifier, Pattern, Program } from 'acorn'
import { childrenOf, type FunctionNode, isFunctionNode } from './nodes.ts'

/** A name that a program declares. */
export interface Binding {
  name: string
  /** Distinguishes bindings of one name; the emitted program uses it alone. */
  id: number
  kind: 'const' | 'let' | 'var' | 'parameter' | 'function' | 'import'
  /** The function that it is bound to, when it is a function declaration or a `const` with a function. */
  definition: FunctionNode | undefined
  /** What a simple declaration sets it to. */
  initial: AnyNode | undefined
  /** For the members of a simple pattern `const {a, b: c} = source`: the source, and which member. */
  member: { source: AnyNode; key: string } | undefined
  /** For imports: from where, and which export (`*` for all). */
  imported: { module: string; name: string; node: AnyNode } | undefined
  isReassigned: boolean
  references: Identifier[]
}

/** Which binding each identifier of a program means. */
export interface Names {
  bindingOf(identifier: Identifier): Binding | undefined
  /** Bindings that a scope declares, by the node that opens the scope. */
  declaredBy(node: AnyNode): readonly Binding[]
  /** `var`s of a function or of the program. */
  hoistedBy(node: AnyNode): readonly Binding[]
  /** Identifiers that no declaration explains. */
  undeclared: Identifier[]
  all: Binding[]
}

interface Scope {
  parent: Scope | undefined
  node: AnyNode
  isFunction: boolean
  names: Map<string, Binding>
}

export function resolveNames(program: Program): Names {
  const resolved = new Map<Identifier, Binding>()
  const declared = new Map<AnyNode, Binding[]>()
  const hoisted = new Map<AnyNode, Binding[]>()
  const undeclared: Identifier[] = []
  const all: Binding[] = []

  const openScope = (node: AnyNode, parent: Scope | undefined, isFunction: boolean): Scope => ({
    parent,
    node,
    isFunction,
    names: new Map(),
  })

  function declare(scope: Scope, identifier: Identifier, kind: Binding['kind']): Binding {
    let target = scope
    if (kind === 'var') while (!target.isFunction && target.parent !== undefined) target = target.parent
    const known = target.names.get(identifier.name)
    if (known !== undefined) {
      // The parser refuses what may not be declared twice; `var` and parameters may.
      resolved.set(identifier, known)
      known.isReassigned = true
      return known
    }
    const binding: Binding = {
      name: identifier.name,
      id: all.length + 1,
      kind,
      definition: undefined,
      initial: undefined,
      member: undefined,
      imported: undefined,
      isReassigned: false,
      references: [],
    }
    all.push(binding)
    target.names.set(identifier.name, binding)
    resolved.set(identifier, binding)
    const where = kind === 'var' ? hoisted : declared
    const list = where.get(target.node)
    if (list === undefined) where.set(target.node, [binding])
    else list.push(binding)
    return binding
  }

  function declarePattern(scope: Scope, pattern: Pattern, kind: Binding['kind']): void {
    switch (pattern.type) {
      case 'Identifier':
        declare(scope, pattern, kind)
        return
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          declarePattern(scope, property.type === 'RestElement' ? property.argument : property.value, kind)
        }
        return
      case 'ArrayPattern':
        for (const element of pattern.elements) if (element !== null) declarePattern(scope, element, kind)
        return
      case 'AssignmentPattern':
        declarePattern(scope, pattern.left, kind)
        return
      case 'RestElement':
        declarePattern(scope, pattern.argument, kind)
        return
      case 'MemberExpression':
    }
  }

  /** Declares what the statements of a scope declare, before anything in it is looked at. */
  function declareStatements(scope: Scope, statements: readonly AnyNode[]): void {
    for (const statement of statements) {
      const node =
        statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement
      if (node.type === 'FunctionDeclaration' && node.id) {
        const binding = declare(scope, node.id, 'function')
        binding.definition = node
      } else if (node.type === 'VariableDeclaration' && node.kind !== 'var') declareVariables(scope, node)
      else if (node.type === 'ImportDeclaration') {
        for (const specifier of node.specifiers) {
          const binding = declare(scope, specifier.local, 'import')
          const name =
            specifier.type === 'ImportSpecifier'
              ? specifier.imported.type === 'Identifier'
                ? specifier.imported.name
                : String(specifier.imported.value)
              : specifier.type === 'ImportNamespaceSpecifier'
                ? '*'
                : 'default'
          binding.imported = { module: String(node.source.value), name, node: specifier }
        }
      }
    }
  }

  function declareVariables(scope: Scope, node: Extract<AnyNode, { type: 'VariableDeclaration' }>): void {
    for (const declarator of node.declarations) {
      declarePattern(scope, declarator.id, node.kind as 'const' | 'let' | 'var')
      if (declarator.id.type === 'ObjectPattern' && declarator.init) noteMembers(declarator.id, declarator.init)
      if (declarator.id.type !== 'Identifier' || !declarator.init) continue
      const binding = resolved.get(declarator.id)
      if (binding === undefined) continue
      binding.initial = declarator.init
      if (isFunctionNode(declarator.init)) binding.definition = declarator.init
    }
  }

  function noteMembers(pattern: Extract<AnyNode, { type: 'ObjectPattern' }>, source: AnyNode): void {
    for (const property of pattern.properties) {
      if (property.type === 'RestElement' || property.computed || property.value.type !== 'Identifier') continue
      const binding = resolved.get(property.value)
      if (binding === undefined || property.key.type !== 'Identifier') continue
      binding.member = { source, key: property.key.name }
    }
  }

  /** Declares the `var`s below a node, functions inside it excepted. */
  function declareVars(scope: Scope, node: AnyNode): void {
    if (isFunctionNode(node)) return
    if (node.type === 'VariableDeclaration' && node.kind === 'var') declareVariables(scope, node)
    for (const child of childrenOf(node)) declareVars(scope, child)
  }

  function reference(scope: Scope, identifier: Identifier): void {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      const binding = at.names.get(identifier.name)
      if (binding === undefined) continue
      resolved.set(identifier, binding)
      binding.references.push(identifier)
      return
    }
    undeclared.push(identifier)
  }

  function markAssigned(scope: Scope, pattern: AnyNode): void {
    if (pattern.type === 'Identifier') {
      for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
        const binding = at.names.get(pattern.name)
        if (binding === undefined) continue
        binding.isReassigned = true
        return
      }
    } else if (pattern.type === 'ObjectPattern') {
      for (const property of pattern.properties) {
        markAssigned(scope, property.type === 'RestElement' ? property.argument : property.value)
      }
    } else if (pattern.type === 'ArrayPattern') {
      for (const element of pattern.elements) if (element !== null) markAssigned(scope, element)
    } else if (pattern.type === 'AssignmentPattern') markAssigned(scope, pattern.left)
    else if (pattern.type === 'RestElement') markAssigned(scope, pattern.argument)
  }

  function visitFunction(node: FunctionNode, outer: Scope): void {
    let parent = outer
    if (node.type === 'FunctionExpression' && node.id) {
      parent = openScope(node.id, outer, false)
      const binding = declare(parent, node.id, 'function')
      binding.definition = node
    }
    const scope = openScope(node, parent, true)
    for (const parameter of node.params) declarePattern(scope, parameter, 'parameter')
    if (node.body.type === 'BlockStatement') {
      declareStatements(scope, node.body.body)
      for (const statement of node.body.body) declareVars(scope, statement)
    }
    for (const parameter of node.params) visit(parameter, scope)
    if (node.body.type === 'BlockStatement') for (const statement of node.body.body) visit(statement, scope)
    else visit(node.body, scope)
  }

  function visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        if (!resolved.has(node)) reference(scope, node)
        return
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
      case 'FunctionDeclaration':
        visitFunction(node as FunctionNode, scope)
        return
      case 'BlockStatement': {
        const inner = openScope(node, scope, false)
        declareStatements(inner, node.body)
        for (const statement of node.body) visit(statement, inner)
        return
      }
      case 'SwitchStatement': {
        visit(node.discriminant, scope)
        const inner = openScope(node, scope, false)
        for (const switchCase of node.cases) declareStatements(inner, switchCase.consequent)
        for (const switchCase of node.cases) {
          if (switchCase.test) visit(switchCase.test, inner)
          for (const statement of switchCase.consequent) visit(statement, inner)
        }
        return
      }
      case 'ForOfStatement':
      case 'ForInStatement': {
        visit(node.right, scope)
        const inner = openScope(node, scope, false)
        if (node.left.type === 'VariableDeclaration') {
          if (node.left.kind !== 'var') declareVariables(inner, node.left)
        } else markAssigned(scope, node.left)
        visit(node.left, inner)
        visit(node.body, inner)
        return
      }
      case 'AssignmentExpression':
        markAssigned(scope, node.left)
        visit(node.left, scope)
        visit(node.right, scope)
        return
      case 'MemberExpression':
        visit(node.object, scope)
        if (node.computed) visit(node.property, scope)
        return
      case 'Property':
        if (node.computed) visit(node.key, scope)
        visit(node.value, scope)
        return
      case 'ImportDeclaration':
        return
      case 'ExportNamedDeclaration':
        if (node.declaration) visit(node.declaration, scope)
        else if (!node.source) {
          for (const { local } of node.specifiers) if (local.type === 'Identifier') visit(local, scope)
        }
        return
      default:
        for (const child of childrenOf(node)) visit(child, scope)
    }
  }

  const scope = openScope(program, undefined, true)
  declareStatements(scope, program.body)
  for (const statement of program.body) declareVars(scope, statement)
  for (const statement of program.body) visit(statement, scope)

  return {
    bindingOf: (identifier) => resolved.get(identifier),
    declaredBy: (node) => declared.get(node) ?? [],
    hoistedBy: (node) => hoisted.get(node) ?? [],
    undeclared,
    all,
  }
}
