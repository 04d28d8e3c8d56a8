import { createRequire } from 'node:module'
import type { ResolverContext } from '../../src/runtime/context.ts'
import { compileTemplate } from '../../src/runtime/vtl/compile.ts'

const require = createRequire(import.meta.url)

/** The UpdateItem template of AWS's tutorials: every argument but the key is set. */
const UPDATE_ITEM = `#set( $expNames  = {} )
#set( $expValues = {} )
#set( $expSet = {} )
#foreach( $entry in $ctx.args.input.entrySet() )
  #if( $entry.key != "id" )
    $util.qr($expSet.put("#${'${entry.key}'}", ":${'${entry.key}'}"))
    $util.qr($expNames.put("#${'${entry.key}'}", "$entry.key"))
    $util.qr($expValues.put(":${'${entry.key}'}", $util.dynamodb.toDynamoDB($entry.value)))
  #end
#end
#set( $expression = "" )
#if( !$expSet.isEmpty() )
  #set( $expression = "SET" )
  #foreach( $entry in $expSet.entrySet() )
    #set( $expression = "${'${expression}'} ${'${entry.key}'} = ${'${entry.value}'}" )
    #if( $foreach.hasNext() )
      #set( $expression = "${'${expression}'}," )
    #end
  #end
#end
{
  "version" : "2018-05-29",
  "operation" : "UpdateItem",
  "key" : { "id" : $util.dynamodb.toDynamoDBJson($ctx.args.input.id) },
  "update" : {
    "expression" : "${'${expression}'}",
    "expressionNames" : $util.toJson($expNames),
    "expressionValues" : $util.toJson($expValues)
  },
  "condition" : { "expression" : "attribute_exists(id)" }
}`

const GET_ITEM = `{
  "version": "2018-05-29",
  "operation": "GetItem",
  "key": { "id": $util.dynamodb.toDynamoDBJson($ctx.args.id) }
}`

/** A template and what one call of it costs at most, where a budget is set. */
interface Work {
  name: string
  work(): unknown
}

/** What the two libraries need of Java's maps: hidden methods of plain objects. */
function javaMap(members: Record<string, unknown>): Record<string, unknown> {
  const map: Record<string, unknown> = { ...members }
  const methods = {
    entrySet: () => Object.entries(map).map(([key, value]) => ({ key, value })),
    put: (key: string, value: unknown) => {
      map[key] = value
      return null
    },
    isEmpty: () => Object.keys(map).length === 0,
    // amplify-velocity-template sets this member, which must not become one of the map's.
    eval: undefined,
  }
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(map, name, { value, enumerable: false, writable: true })
  return map
}

interface Peer {
  parse(template: string): unknown
  Compile: new (asts: unknown, options?: object) => { render(context: object): unknown }
}

/** The libraries render without budget, guards or a safe value model; their text is not even read. */
function peerWork(name: string, input: Record<string, unknown>): Work {
  const peer = require(name) as Peer
  const asts = peer.parse(UPDATE_ITEM)
  const toAttribute = (value: unknown) => ({ [typeof value === 'number' ? 'N' : 'S']: value })
  return {
    name: `VTL UpdateItem template, ${name}`,
    work: () => {
      const compiled = new peer.Compile(asts, { valueMapper: (value: unknown) => value })
      const args = { input: javaMap(input) }
      return compiled.render({
        ctx: { args },
        util: {
          qr: () => '',
          toJson: (value: unknown) => JSON.stringify(value),
          dynamodb: { toDynamoDB: toAttribute, toDynamoDBJson: (value: unknown) => JSON.stringify(toAttribute(value)) },
        },
      })
    },
  }
}

/** Templates beside those who render them elsewhere; each call includes reading the JSON where it is ours. */
export function templateWorks(context: ResolverContext): Work[] {
  const update = compileTemplate(UPDATE_ITEM, { side: 'request' })
  const get = compileTemplate(GET_ITEM, { side: 'request' })
  const respond = compileTemplate('$util.toJson($ctx.result)', { side: 'response' })
  const input = context.arguments['input'] as Record<string, unknown>
  const items = Array.from({ length: 100 }, (_, index) => ({ ...input, id: `order-${index}` }))
  const listed = { ...context, result: { items, nextToken: null } }
  const got = { ...context, arguments: { id: 'order-1' } }
  return [
    { name: 'VTL UpdateItem template, its JSON read', work: () => update.run(context) },
    { name: 'VTL GetItem template, its JSON read', work: () => get.run(got) },
    { name: 'VTL response of 100 items of 6 members, its JSON read', work: () => respond.run(listed) },
    peerWork('velocityjs', input),
    peerWork('amplify-velocity-template', input),
  ]
}
