import { isDeepStrictEqual } from 'node:util'
import type { Catalog } from '../catalog.ts'
import type { ResourceType } from '../resources.ts'
import type { LoadedProject } from './loadProject.ts'
import type { LoadedResource } from './projectContext.ts'
import { isInside } from './projectFiles.ts'

/** How many resources an application changed. */
export interface Applied {
  put: number
  deleted: number
  unchanged: number
}

/**
 * Makes the catalog hold what the project declares, in one transaction: resources are put with origin `project`, those
 * that the project no longer has are removed, those that did not change are left alone (nobody hears of them).
 * @param changed Absolute paths of files that were saved: functions and layers whose code is among them count as changed.
 */
export function applyProject(
  catalog: Catalog,
  loaded: Pick<LoadedProject, 'resources'>,
  changed: readonly string[] = [],
): Applied {
  const applied: Applied = { put: 0, deleted: 0, unchanged: 0 }
  const declared = new Map<ResourceType, Set<string>>()
  catalog.transaction(() => {
    for (const entry of loaded.resources) {
      const arns = declared.get(entry.type) ?? new Set()
      declared.set(entry.type, arns)
      arns.add(entry.resource.arn)
      if (put(catalog, entry, changed)) applied.put += 1
      else applied.unchanged += 1
    }
    for (const type of PROJECT_TYPES) {
      const collection = catalog.collection(type)
      for (const { arn } of collection.list()) {
        if (collection.originOf(arn) !== 'project' || declared.get(type)?.has(arn) === true) continue
        collection.delete(arn)
        applied.deleted += 1
      }
    }
  })
  return applied
}

function put<T extends LoadedResource>(catalog: Catalog, { type, resource }: T, changed: readonly string[]): boolean {
  const collection = catalog.collection<ResourceType>(type)
  const { arn } = resource
  const code = 'codePath' in resource ? resource.codePath : 'contentPath' in resource ? resource.contentPath : undefined
  const touched = code !== undefined && changed.some((path) => isInside(path, code))
  const known = collection.originOf(arn) === 'project' ? collection.get(arn) : undefined
  if (!touched && known !== undefined && isDeepStrictEqual(withoutTimes(known), withoutTimes(resource))) return false
  collection.put(resource, 'project')
  return true
}

/** Times of loading: they alone make no change. */
const LOAD_TIMES = ['lastModified', 'creationDate', 'updateDate', 'expires', 'deletes', 'CreationDateTime']

function withoutTimes(resource: unknown): unknown {
  if (typeof resource !== 'object' || resource === null) return resource
  const rest: Record<string, unknown> = { ...resource }
  for (const name of LOAD_TIMES) delete rest[name]
  const { description } = rest
  if (typeof description === 'object') rest['description'] = withoutTimes(description)
  return rest
}

const PROJECT_TYPES = Object.keys({
  'AWS::AppSync::GraphQLApi': 0,
  'AWS::AppSync::ApiKey': 0,
  'AWS::AppSync::GraphQLSchema': 0,
  'AWS::AppSync::DataSource': 0,
  'AWS::AppSync::Resolver': 0,
  'AWS::AppSync::FunctionConfiguration': 0,
  'AWS::AppSync::ApiCache': 0,
  'AWS::DynamoDB::Table': 0,
  'AWS::Lambda::Function': 0,
  'AWS::Lambda::Alias': 0,
  'AWS::Lambda::LayerVersion': 0,
  'AWS::Lambda::EventSourceMapping': 0,
  'AWS::StepFunctions::StateMachine': 0,
  'AWS::StepFunctions::StateMachineVersion': 0,
  'AWS::StepFunctions::StateMachineAlias': 0,
  'AWS::StepFunctions::Activity': 0,
  'AWS::Cognito::UserPool': 0,
  'AWS::Cognito::UserPoolClient': 0,
  'AWS::Cognito::UserPoolGroup': 0,
  'AWS::Cognito::IdentityPool': 0,
  'AWS::IAM::Role': 0,
  'AWS::IAM::ManagedPolicy': 0,
  'AWS::CloudFormation::Kept': 0,
} satisfies Record<ResourceType, 0>) as ResourceType[]
