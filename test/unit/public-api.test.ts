/** The public surface: an export that comes or goes by accident is seen here. */

import { expect, test } from 'vitest'
import * as ovl from '../../src/index.ts'

test('exports', () => {
  expect(Object.keys(ovl).sort()).toEqual([
    'FINDING_CODES', 'MOUNT_FLAGS', 'OPTION_TABLE', 'OvlError', 'PROPAGATIONS', 'decodeName', 'describePlan', 'diagnose', 'doctor', 'encode', 'encodeName', 'inspect', 'isOvlError', 'list', 'liveStatus', 'mount', 'mountLive', 'overlay', 'packLive', 'parsePersistence',
    'planLive', 'planOfLiveMount', 'planOfLivePack', 'planOfLiveUnmount', 'planOfMount', 'planOfRemount', 'planOfUnmount', 'planOfUnmountStale', 'readLive', 'readMedium', 'remount', 'specFromWords', 'toShell', 'unmount', 'unmountLive', 'unmountStale', 'validate',
  ])
})
