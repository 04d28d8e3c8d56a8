/**
 * Recorded Step Functions cases that no server can pass as they are, by id, with the reason. The cases stay as they
 * are; this list is what remains when everything passes.
 */
export const STEP_FUNCTIONS_EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ...['activity_task', 'activity_task_failure', 'activity_task_start_timeout'].map((name): [string, string] => [
    `activities/activities.${name}`,
    'the definition holds its symbols as \\u escapes, which the runner does not replace, so it names no activity',
  ]),
  [
    'comments/comments.comments_as_per_docs',
    'the definition holds its symbols as \\u escapes, which the runner does not replace, so it names no function',
  ],
  ['callback/callback.start_execution_sync', 'the nested state machine that it starts is not among its prerequisites'],
  [
    'service-integrations/aws_sdk_task_service.sfn_start_execution_implicit_json_serialisation',
    'the nested state machine that it starts is not among its prerequisites',
  ],
  [
    'api-aliasing/sfn_api_aliasing.base_lifecycle_create_delete_list',
    'the answers name the aliases in another way than the requests',
  ],
  [
    'test-state/test_state_mock_scenarios.sfn_start_execution_success',
    'the mocked ARN and the one in the expected output were reduced to different symbols',
  ],
  ...['map_state_config_distributed_reentrant', 'map_state_config_distributed_reentrant_lambda'].map(
    (name): [string, string] => [
      `map/base_scenarios.${name}`,
      'recorded before November 2024, when MapStateExited named MapRunSucceeded as the event before it; recordings of 2025 of the same kind of definition name MapRunStarted',
    ],
  ),
  [
    'test-state/field_validation_mode.strict_mode_aws_sdk_lambda_get_function_task[integer_more_than_maximum_allowed]',
    'the model of Lambda allows 32,768 MB by now',
  ],
])
