/** The environment of a command in an entered tree: what is passed on, what is set fresh, what is left out. */

import { expect, test } from 'vitest'
import { environmentInside } from '../../../src/live/confinement.ts'

const FRESH = { SYSTEMD_OFFLINE: '1', HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh', PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }

test.each(['TERM', 'COLORTERM', 'NO_COLOR', 'LANG', 'LANGUAGE', 'LC_ALL', 'LC_TIME', 'TZ', 'DEBIAN_FRONTEND'])('%s is passed on', (name) => {
  expect(environmentInside({ [name]: 'x' }, '/bin/sh')).toEqual({ ...FRESH, [name]: 'x' })
})

test.each(['AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'SSH_AUTH_SOCK', 'LD_PRELOAD', 'LD_LIBRARY_PATH', 'NODE_OPTIONS', 'http_proxy', 'SUDO_USER', 'DISPLAY', 'LC_', 'MY_LANG', 'TERM_TOKEN', 'BASH_ENV', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR'])('%s is not', (name) => {
  expect(environmentInside({ [name]: 'x' }, '/bin/sh')).toEqual(FRESH)
})

test('HOME, PATH and the like are those of the tree’s root, and what is asked for comes on top', () => {
  expect(environmentInside({ HOME: '/home/me', PATH: '/home/me/bin', SHELL: '/bin/fish', USER: 'me' }, '/bin/bash', { PATH: '/opt', TOKEN: 't' })).toEqual({ ...FRESH, SHELL: '/bin/bash', PATH: '/opt', TOKEN: 't' })
})
