import type { UtilTable } from '../../util/environment.ts'
import { ai } from './ai.ts'
import { dynamodb } from './dynamodb.ts'
import { rds } from './rds.ts'

/** The modules below `@aws-appsync/utils` that a program can import, by the last part of their name. */
export const modules: Readonly<Record<string, UtilTable>> = { ai, dynamodb, rds }
