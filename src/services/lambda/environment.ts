import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArn } from '../../aws/arn.ts'
import type { LambdaFunction, LayerVersion } from '../../resources.ts'

export interface RoleCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
}

export interface EnvironmentOptions {
  /** Folder with the (unpacked) code. */
  codeFolder: string
  layers: readonly LayerVersion[]
  credentials: RoleCredentials
  /** Where this server is reached; absent while it does not listen. */
  endpointUrl: string | undefined
  logStreamName: string
  /** `AWS_ENDPOINT_URL_*` settings of this server, handed on to functions. */
  serviceEndpoints: Readonly<Record<string, string>>
  /** PATH of this server. */
  path: string
  /** More variables for the bootstrap itself. */
  certificateAuthorityFile?: string
}

/** What a function's process is started with; see AWS's "Defined runtime environment variables". */
export function functionEnvironment(fn: LambdaFunction, options: EnvironmentOptions): Record<string, string> {
  const region = parseArn(fn.arn)?.region ?? ''
  const layerFolders = options.layers.map((layer) => resolve(layer.contentPath))
  const inLayers = (...parts: string[]): string[] =>
    layerFolders.map((folder) => join(folder, ...parts)).filter((path) => existsSync(path))
  return {
    PATH: [...inLayers('bin'), options.path].join(':'),
    HOME: '/tmp',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...options.serviceEndpoints,
    ...(options.endpointUrl !== undefined && {
      AWS_ENDPOINT_URL: options.endpointUrl,
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
    }),
    ...(options.certificateAuthorityFile !== undefined && { NODE_EXTRA_CA_CERTS: options.certificateAuthorityFile }),
    NODE_PATH: [join(options.codeFolder, 'node_modules'), ...inLayers('nodejs', 'node_modules')].join(':'),
    PYTHONPATH: [options.codeFolder, ...inLayers('python')].join(':'),
    LD_LIBRARY_PATH: [options.codeFolder, join(options.codeFolder, 'lib'), ...inLayers('lib')].join(':'),
    // The variables above are the function's to set, those below are not.
    ...fn.environment,
    _HANDLER: fn.handler,
    LAMBDA_TASK_ROOT: options.codeFolder,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: fn.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: fn.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memorySize),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: options.logStreamName,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
    AWS_SESSION_TOKEN: options.credentials.sessionToken,
  }
}
