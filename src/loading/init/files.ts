/** The project that `sidestage init` writes, by path: a small API over a table, a function and a workflow, as SAM deploys it. */
export const projectFiles: Readonly<Record<string, string>> = {
  'template.yaml': `AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: Notes, by AppSync, DynamoDB, Lambda and Step Functions

Globals:
  Function:
    Runtime: nodejs22.x
    Timeout: 10

Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      Name: notes
      SchemaUri: schema/schema.graphql
      Logging: false
      Auth:
        Type: API_KEY
      ApiKeys:
        Default:
          Description: For development
      DataSources:
        DynamoDb:
          Notes:
            TableName: !Ref NotesTable
            TableArn: !GetAtt NotesTable.Arn
        Lambda:
          Shout:
            FunctionArn: !GetAtt ShoutFunction.Arn
      Functions:
        getNote:
          Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
          DataSource: Notes
          CodeUri: resolvers/getNote.js
        listNotes:
          Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
          DataSource: Notes
          CodeUri: resolvers/listNotes.js
        putNote:
          Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
          DataSource: Notes
          CodeUri: resolvers/putNote.js
        shout:
          Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
          DataSource: Shout
          CodeUri: resolvers/shout.js
      Resolvers:
        Query:
          note:
            Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
            Pipeline: [getNote]
          notes:
            Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
            Pipeline: [listNotes]
        Mutation:
          addNote:
            Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
            Pipeline: [putNote]
        Note:
          shout:
            Runtime: { Name: APPSYNC_JS, Version: 1.0.0 }
            Pipeline: [shout]

  NotesTable:
    Type: AWS::Serverless::SimpleTable

  ShoutFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/shout
      Handler: index.handler

  ReviewWorkflow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: STANDARD
      DefinitionUri: workflows/review.asl.json
      DefinitionSubstitutions:
        ShoutFunctionArn: !GetAtt ShoutFunction.Arn
      Policies:
        - LambdaInvokePolicy:
            FunctionName: !Ref ShoutFunction

Outputs:
  GraphQLUrl:
    Value: !GetAtt Api.GraphQLUrl
  ReviewWorkflowArn:
    Value: !Ref ReviewWorkflow
`,
  'schema/schema.graphql': `type Note {
  id: ID!
  text: String!
  createdAt: AWSDateTime!
  shout: String
}

type Query {
  note(id: ID!): Note
  notes: [Note!]!
}

type Mutation {
  addNote(text: String!): Note!
}

type Subscription {
  addedNote: Note @aws_subscribe(mutations: ["addNote"])
}

schema {
  query: Query
  mutation: Mutation
  subscription: Subscription
}
`,
  'resolvers/getNote.js': `import { util } from '@aws-appsync/utils'

export function request(ctx) {
  return { operation: 'GetItem', key: util.dynamodb.toMapValues({ id: ctx.args.id }) }
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  return ctx.result
}
`,
  'resolvers/listNotes.js': `import { util } from '@aws-appsync/utils'

export function request() {
  return { operation: 'Scan', limit: 100 }
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  return ctx.result.items
}
`,
  'resolvers/putNote.js': `import { util } from '@aws-appsync/utils'

export function request(ctx) {
  return {
    operation: 'PutItem',
    key: util.dynamodb.toMapValues({ id: util.autoId() }),
    attributeValues: util.dynamodb.toMapValues({ text: ctx.args.text, createdAt: util.time.nowISO8601() }),
  }
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  return ctx.result
}
`,
  'resolvers/shout.js': `import { util } from '@aws-appsync/utils'

export function request(ctx) {
  return { operation: 'Invoke', payload: { text: ctx.source.text } }
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type)
  return ctx.result.text
}
`,
  'functions/shout/index.mjs': `export const handler = async ({ text }) => ({ text: \`\${text.toUpperCase()}!\` })
`,
  'workflows/review.asl.json': `{
  "Comment": "Shouts a text, then says whether it was long",
  "StartAt": "Shout",
  "States": {
    "Shout": {
      "Type": "Task",
      "Resource": "\${ShoutFunctionArn}",
      "ResultPath": "$.shouted",
      "Next": "Done"
    },
    "Done": { "Type": "Pass", "End": true }
  }
}
`,
  'sidestage.yaml': `# yaml-language-server: $schema=./node_modules/sidestage/dist/loading/sidestage.schema.json
# Local settings: nothing in this file is deployed.
apiKeys:
  Default: da2-local
`,
  '.gitignore': `.sidestage/
node_modules/
`,
}
