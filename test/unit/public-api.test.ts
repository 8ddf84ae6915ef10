/** The public surface: an export that comes or goes by accident is seen here. */

import { expect, test } from 'vitest'
import * as ovl from '../../src/index.ts'

test('exports', () => {
  expect(Object.keys(ovl).sort()).toEqual([
<<<<<<< HEAD
    'FINDING_CODES', 'MOUNT_FLAGS', 'OPTION_TABLE', 'OvlError', 'PROPAGATIONS', 'decodeName', 'describePlan', 'diagnose', 'doctor', 'encode', 'encodeName', 'inspect', 'isOvlError', 'list', 'liveStatus', 'mount', 'mountLive', 'overlay', 'parsePersistence',
    'planLive', 'planOfLiveMount', 'planOfLiveUnmount', 'planOfMount', 'planOfRemount', 'planOfUnmount', 'planOfUnmountStale', 'readLive', 'readMedium', 'remount', 'specFromWords', 'toShell', 'unmount', 'unmountLive', 'unmountStale', 'validate',
=======
    'FINDING_CODES', 'MOUNT_FLAGS', 'OPTION_TABLE', 'OvlError', 'PROPAGATIONS', 'decodeName', 'describePlan', 'diagnose', 'doctor', 'encode', 'encodeName', 'enter', 'inspect', 'isOvlError', 'list', 'mount', 'mountRoot', 'overlay',
    'planOfMount', 'planOfRemount', 'planOfRoot', 'planOfUnmount', 'planOfUnmountStale', 'remount', 'specFromWords', 'toShell', 'unmount', 'unmountStale', 'validate',
>>>>>>> 4901fc3 (ovl live enter: a command inside a mounted system, in namespaces that take all of it along when it ends)
  ])
})
