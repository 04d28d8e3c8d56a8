import { isObject, member } from '../source/document.ts'
import { addAppSyncV1 } from './appsyncV1.ts'
import { addAppSyncV2 } from './appsyncV2.ts'
import type { Service } from './service.ts'

/** serverless-appsync-plugin: `appSync:` is its version 2, `custom.appSync:` its version 1 (one API, or a list). */
export async function addAppSync(service: Service): Promise<void> {
  const second = member(service.config, 'appSync')
  if (isObject(second)) await addAppSyncV2(service, second, ['appSync'])
  const first = member(member(service.config, 'custom'), 'appSync')
  if (Array.isArray(first)) {
    for (const [index, api] of first.entries())
      if (isObject(api)) addAppSyncV1(service, api, ['custom', 'appSync', index], index === 0 ? '' : String(index))
  } else if (isObject(first)) addAppSyncV1(service, first, ['custom', 'appSync'], '')
}
