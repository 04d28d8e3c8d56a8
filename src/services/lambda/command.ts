import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AwsError } from '../../aws/errors.ts'
import type { LambdaFunction } from '../../resources.ts'

export interface InstanceCommand {
  command: string
  args: string[]
  /** Variables for the bootstrap, which removes them before the handler runs. */
  environment: Record<string, string>
}

const NODE_BOOTSTRAP = fileURLToPath(new URL('./bootstrap/node.mjs', import.meta.url))
const PYTHON_BOOTSTRAP = fileURLToPath(new URL('./bootstrap/python.py', import.meta.url))
const MEGABYTE = 1024 * 1024

/** The process that runs a function: our bootstrap for Node.js and Python, the function's own `bootstrap` otherwise. */
export function instanceCommand(
  fn: LambdaFunction,
  codeFolder: string,
  layerFolders: readonly string[],
): InstanceCommand {
  const confined = { SIDESTAGE_CODE_ROOT: fn.projectRoot ?? codeFolder }
  if (fn.runtime.startsWith('nodejs')) {
    return {
      command: process.execPath,
      args: [`--max-old-space-size=${fn.memorySize}`, '--enable-source-maps', '--no-warnings', NODE_BOOTSTRAP],
      environment: { ...confined, SIDESTAGE_SDK_FROM: NODE_BOOTSTRAP },
    }
  }
  if (fn.runtime.startsWith('python')) {
    return {
      command: 'python3',
      args: ['-u', PYTHON_BOOTSTRAP],
      environment: { ...confined, SIDESTAGE_MEMORY_LIMIT: String(fn.memorySize * MEGABYTE) },
    }
  }
  const bootstrap = [codeFolder, ...layerFolders]
    .map((folder) => join(folder, 'bootstrap'))
    .find((path) => existsSync(path))
  if (bootstrap === undefined)
    throw new AwsError(
      'InvalidRuntimeException',
      `Runtime ${fn.runtime} of function ${fn.functionName} needs an executable file "bootstrap" in ${codeFolder} (or in a layer) that speaks the Lambda runtime API.`,
      { statusCode: 502 },
    )
  try {
    accessSync(bootstrap, constants.X_OK)
  } catch (cause) {
    throw new AwsError('InvalidRuntimeException', `${bootstrap} is not executable: chmod +x it.`, {
      statusCode: 502,
      cause,
    })
  }
  return { command: bootstrap, args: [], environment: {} }
}
