// The Debian system that is booted: the cached tree with node, ovl as `npm pack` makes it, its mount helpers in /sbin, some
// layers, and the service that looks around and says what it saw (check.mjs).

import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyTree, debianTree, installModules } from '../debian.mjs'
import { output } from '../host.mjs'
import { copyProgram } from '../programs.mjs'

const HERE = import.meta.dirname
const MODULES = ['overlay', 'loop', 'squashfs', 'ext4', 'autofs4']

/** Makes the tree in `to`. */
export function makeSystem({ cache, project, linux, to }) {
  copyTree(debianTree(cache), to)
  installModules(linux, MODULES, to)
  copyProgram(process.execPath, to, 'usr/bin/node')
  installOvl(project, to)
  const put = (path, text) => {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    writeFileSync(join(to, path), text)
  }
  put('etc/hostname', 'guest\n')
  put('etc/machine-id', '00000000000000000000000000000001\n')
  put('etc/systemd/system/check.service', `[Unit]
Description=What this boot came to
After=local-fs.target basic.target
[Service]
Type=oneshot
ExecStart=/usr/bin/node /check/check.mjs
`)
  mkdirSync(join(to, 'etc/systemd/system/multi-user.target.wants'), { recursive: true })
  symlinkSync('../check.service', join(to, 'etc/systemd/system/multi-user.target.wants/check.service'))
  mkdirSync(join(to, 'check'))
  cpSync(join(HERE, 'check.mjs'), join(to, 'check/check.mjs'))
  return to
}

/** `npm pack`, unpacked where npm -g has it, with what it depends on; and the links that mount(8) needs. */
function installOvl(project, root) {
  const place = join(root, 'usr/local/lib/node_modules')
  mkdirSync(place, { recursive: true })
  output('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', place], { cwd: project })
  const tarball = readdirSync(place).find(name => name.endsWith('.tgz'))
  execFileSync('tar', ['-xzf', tarball, '--no-same-owner'], { cwd: place })
  renameSync(join(place, 'package'), join(place, 'ovl'))
  execFileSync('rm', [join(place, tarball)])
  const installed = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'))
  for (const [path, { dev }] of Object.entries(installed.packages)) {
    if (!dev) cpSync(join(project, path), join(place, 'ovl', path), { recursive: true })
  }
  const { bin } = JSON.parse(readFileSync(join(place, 'ovl/package.json'), 'utf8'))
  for (const [name, file] of Object.entries(bin)) symlinkSync(`../lib/node_modules/ovl/${file}`, join(root, 'usr/local/bin', name))
  // As README says: mount(8) looks in /sbin only.
  for (const name of ['mount.ovl', 'umount.ovl']) symlinkSync(`/usr/local/bin/${name}`, join(root, 'usr/sbin', name))
}
