import { AwsError } from '../../aws/errors.ts'
import type { MapRunDescription } from '../engine.ts'
import { checkArn } from './arns.ts'
import type { Operation } from './context.ts'
import { optionalNumber, present, seconds, text } from './input.ts'
import { readPage } from './pages.ts'

export const describeMapRun: Operation = (api, input) => {
  const run = api.engine.describeMapRun(checkArn(text(input, 'mapRunArn'), 'mapRun'))
  return present({
    mapRunArn: run.mapRunArn,
    executionArn: run.executionArn,
    status: run.status,
    startDate: seconds(run.startDate),
    stopDate: date(run.stopDate),
    maxConcurrency: run.maxConcurrency,
    toleratedFailurePercentage: run.toleratedFailurePercentage,
    toleratedFailureCount: run.toleratedFailureCount,
    itemCounts: present({ ...run.itemCounts }),
    executionCounts: present({ ...run.executionCounts }),
    redriveCount: run.redriveCount,
    redriveDate: date(run.redriveDate),
  })
}

function date(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : seconds(milliseconds)
}

export const listMapRuns: Operation = (api, input) => {
  const executionArn = checkArn(text(input, 'executionArn'), 'execution')
  const purpose = `ListMapRuns ${executionArn}`
  const { after, maxResults } = readPage(input, api.pageTokens, purpose)
  const page = api.engine.listMapRuns({ executionArn, maxResults, ...(after === undefined ? {} : { after }) })
  return present({
    mapRuns: page.items.map(listed),
    nextToken: page.next === undefined ? undefined : api.pageTokens.seal(page.next, purpose),
  })
}

function listed(run: MapRunDescription): Record<string, unknown> {
  return present({
    executionArn: run.executionArn,
    mapRunArn: run.mapRunArn,
    stateMachineArn: run.stateMachineArn,
    startDate: seconds(run.startDate),
    stopDate: date(run.stopDate),
  })
}

export const updateMapRun: Operation = async (api, input) => {
  const mapRunArn = checkArn(text(input, 'mapRunArn'), 'mapRun')
  const maxConcurrency = optionalNumber(input, 'maxConcurrency')
  const toleratedFailureCount = optionalNumber(input, 'toleratedFailureCount')
  const toleratedFailurePercentage = optionalNumber(input, 'toleratedFailurePercentage')
  if ([maxConcurrency, toleratedFailureCount, toleratedFailurePercentage].every((value) => value === undefined)) {
    throw new AwsError(
      'ValidationException',
      'At least one of maxConcurrency, toleratedFailurePercentage and toleratedFailureCount must be specified',
    )
  }
  await api.engine.updateMapRun({
    mapRunArn,
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(toleratedFailureCount === undefined ? {} : { toleratedFailureCount }),
    ...(toleratedFailurePercentage === undefined ? {} : { toleratedFailurePercentage }),
  })
  return {}
}
