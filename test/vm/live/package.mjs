// A small Debian package as packages with a service are: it starts the service when it is configured, if it may.
// `greeting` is its content; `started` holds what started it: `init.d`, or the id of the boot.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { output } from '../host.mjs'

const FILES = {
  'DEBIAN/control': 'Package: greet\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: says hello\n',
  'usr/share/greet/greeting': 'hello\n',
  'var/lib/greet/.keep': '',
  'lib/systemd/system/greet.service': `[Unit]
Description=Says hello
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cat /proc/sys/kernel/random/boot_id >/var/lib/greet/started'
[Install]
WantedBy=multi-user.target
`,
}
const SCRIPTS = {
  'etc/init.d/greet': `#!/bin/sh
### BEGIN INIT INFO
# Provides: greet
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop:
### END INIT INFO
[ "$1" != start ] || echo init.d >/var/lib/greet/started
`,
  'DEBIAN/postinst': `#!/bin/sh
set -e
update-rc.d greet defaults >/dev/null
deb-systemd-helper enable greet.service >/dev/null
deb-systemd-invoke start greet.service
invoke-rc.d greet start
`,
}

/** The package file, made in `draft`. */
export function makePackage(draft) {
  const top = join(draft, 'greet')
  for (const [path, text] of Object.entries({ ...FILES, ...SCRIPTS })) {
    mkdirSync(dirname(join(top, path)), { recursive: true })
    writeFileSync(join(top, path), text)
    chmodSync(join(top, path), path in SCRIPTS ? 0o755 : 0o644)
  }
  const file = join(draft, 'greet.deb')
  output('dpkg-deb', ['--root-owner-group', '--build', top, file])
  return file
}
