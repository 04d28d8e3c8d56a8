import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasShared } from '../support/shared.ts'
import { createCasePlayer, loadWorkflowCases, type WorkflowCase } from '../support/workflowCases.ts'

/** What an engine in this process can be given: functions, mock configurations; log groups are not looked at. */
const PROVIDED = new Set(['lambda', 'mock-config', 'logs', 'states'])

/** Cases that differ from today's AWS or need what the case does not bring, with the reason. */
const EXCEPTIONS: Record<string, string> = {
  'callback/callback.start_execution_sync': 'names a machine that the case does not create',
  'service-integrations/aws_sdk_task_service.sfn_start_execution_implicit_json_serialisation':
    'names a machine that the case does not create',
  'map/base_scenarios.map_state_config_distributed_reentrant':
    'recorded before November 2024, when MapStateExited followed MapRunSucceeded',
  'map/base_scenarios.map_state_config_distributed_reentrant_lambda':
    'recorded before November 2024, when MapStateExited followed MapRunSucceeded',
}

/** Cases that wait for a minute of real time run on demand. */
const ALL = process.env['SIDESTAGE_ALL_CASES'] === '1'

if (!hasShared) {
  it.skip('recorded histories: the shared material is missing', () => {})
} else {
  const cases = loadWorkflowCases().filter(
    ({ id, kind, needs }) =>
      (kind === 'execution' || kind === 'sync-execution') &&
      needs.every((need) => PROVIDED.has(need)) &&
      !Object.hasOwn(EXCEPTIONS, id),
  )
  const areas = Map.groupBy(cases, ({ area }) => area)
  let player: Awaited<ReturnType<typeof createCasePlayer>>
  beforeAll(async () => {
    player = await createCasePlayer()
  })
  afterAll(() => player.close())

  for (const [area, members] of areas) {
    describe.concurrent(`recorded executions: ${area}`, () => {
      for (const given of members) play(given)
    })
  }

  function play(given: WorkflowCase): void {
    const long = /"Seconds": ?(?:[2-9]\d|\d{3,})/.test(JSON.stringify(given.definition ?? given.definitionText))
    it.skipIf(long && !ALL)(given.id, { timeout: 90_000 }, async () => {
      expect(await player.play(given)).toEqual([])
    })
  }
}
