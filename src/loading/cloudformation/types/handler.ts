import type { Place, ResourceView } from '../stack.ts'

/** What CloudFormation (here: we) knows about one type of resource. */
export interface TypeHandler {
  /** Value of `Ref`. */
  ref(resource: ResourceView): unknown
  /** Values of `Fn::GetAtt` by attribute; without it any attribute is unknown. */
  attributes?: Readonly<Record<string, (resource: ResourceView) => unknown>>
  /** Attributes whose names cannot be listed. @returns undefined when it is none. */
  attribute?(resource: ResourceView, name: string, place: Place): unknown
  /** Property names; others are reported. Without it they are not checked. */
  properties?: readonly string[]
  /** Puts the resource among those for the catalog. Without it the resource is kept as declared. */
  load?(resource: ResourceView): void
}

export type TypeHandlers = Readonly<Record<string, TypeHandler>>
