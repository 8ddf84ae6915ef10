// The boots, as data: what lies in /etc/fstab, which disks there are, and what has to hold when the boot has come to rest.

import assert from 'node:assert/strict'

const DATA = { label: 'data', dirs: ['site', 'site.work'] }
// An emulated CPU is slow to find a disk, and one that is missing is waited for to the end.
const WAIT = 'nofail,x-systemd.device-timeout=30s'

/** A name that every reader between fstab and the kernel would like to read its own way. */
const ODD = `/srv/odd,ro "x" $HOME %h \\ ':#`
const odd = ODD.replace(/[^/a-z:]/gi, char => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

const FSTAB = [
  `LABEL=data /data ext4 ${WAIT} 0 0`,
  'overlay /srv/site overlay lowerdir=/srv/base,upperdir=/data/site,workdir=/data/site.work,nofail,x-systemd.requires-mounts-for=/data/site,x-systemd.requires-mounts-for=/data/site.work 0 0',
  '/images/tools.squashfs /opt/tools squashfs ro,loop 0 0',
  'overlay /srv/tools overlay lowerdir=/srv/over:/opt/tools,upperdir=/var/tools,workdir=/var/tools.work,x-systemd.requires-mounts-for=/opt/tools 0 0',
  'overlay /srv/both overlay lowerdir=/srv/over:/srv/base 0 0',
  'overlay /srv/auto overlay lowerdir=/srv/over:/srv/base,noauto,x-systemd.automount 0 0',
  'overlay /srv/scratch ovl lower=/srv/over,lower=/images/tools.squashfs,tmpfs,size=4m,mkdir 0 0',
  `overlay /srv/strange ovl lower=${odd},lower=/srv/base 0 0`,
]
const PLACES = ['/srv/site', '/srv/tools', '/srv/both', '/srv/auto', '/srv/scratch', '/srv/strange']

/** mount.ovl makes its own. */
const DIRS = ['/data', ...PLACES.filter(place => place !== '/srv/scratch'), '/var/tools', '/var/tools.work', ODD]

export const SCENES = [
  {
    name: 'whole',
    disks: [DATA],
    dirs: DIRS,
    files: { [`${ODD}/from-odd`]: 'odd' },
    fstab: FSTAB,
    places: PLACES,
    stop: ['/srv/scratch', '/srv/strange', '/srv/site'],
    checks: {
      'all are up and hold what they should': ({ places }) => {
        assert.deepEqual(Object.fromEntries(Object.entries(places).map(([place, { names, type }]) => [place, [type, ...names].join(' ')])), {
          '/srv/site': 'overlay from-base', '/srv/tools': 'overlay from-over from-tools', '/srv/both': 'overlay from-base from-over',
          '/srv/auto': 'overlay from-base from-over', '/srv/scratch': 'overlay from-over from-tools', '/srv/strange': 'overlay from-base from-odd',
        })
      },
      'those with an upper can be written, the others not': ({ places }) => {
        assert.deepEqual(Object.fromEntries(Object.entries(places).map(([place, { write }]) => [place, write])), {
          '/srv/site': 'ok', '/srv/tools': 'ok', '/srv/both': 'EROFS', '/srv/auto': 'EROFS', '/srv/scratch': 'ok', '/srv/strange': 'EROFS',
        })
      },
      'each came after what it needs': ({ units }) => {
        for (const [later, sooner] of [['srv-site', 'data'], ['srv-tools', 'opt-tools']]) assert.ok(units[`${later}.mount`].at > units[`${sooner}.mount`].at, `${later} was mounted before ${sooner}`)
      },
      'the automount waited for the first look': ({ units }) => {
        assert.equal(units['srv-auto.automount'].state, 'active')
        assert.equal(units['srv-auto.mount'].state, 'inactive')
      },
      'stopping the units leaves nothing of them': ({ afterwards }) => {
        for (const [place, { status, mounts, utab }] of Object.entries(afterwards)) {
          assert.equal(status, 0, place)
          assert.ok(!mounts.includes(place), `${place} is still mounted`)
          assert.ok(!utab.includes(place), `utab still has ${place}`)
        }
        const { mounts, files, loops } = Object.values(afterwards).at(-1)
        assert.deepEqual({ mounts, files, loops: loops.length }, { mounts: [], files: [], loops: 1 })
      },
      'the system goes down in order': ({ console }) => assert.deepEqual(console.filter(line => /Failed (?:un)?mounting|timed out/i.test(line)), []),
    },
  },
  {
    name: 'disk missing',
    disks: [DATA],
    without: true,
    dirs: DIRS,
    fstab: FSTAB.map(line => line.replace('timeout=30s', 'timeout=8s').replace('lower=/srv/over,lower=/images/tools.squashfs,tmpfs,size=4m,mkdir', 'nofail,lower=/srv/over,lower=/data/tools.squashfs,tmpfs')),
    places: PLACES,
    checks: {
      'the boot goes on, and the others are up': ({ places }) => {
        assert.deepEqual(Object.fromEntries(Object.entries(places).map(([place, { type }]) => [place, type ?? 'none'])), {
          '/srv/site': 'none', '/srv/tools': 'overlay', '/srv/both': 'overlay', '/srv/auto': 'overlay', '/srv/scratch': 'none', '/srv/strange': 'overlay',
        })
      },
      'what needs the disk holds nobody up': ({ units }) => {
        for (const unit of ['data.mount', 'srv-site.mount', 'srv-scratch.mount']) assert.ok(!units[unit].before.includes('local-fs.target'), unit)
        assert.ok(units['srv-both.mount'].before.includes('local-fs.target'))
        assert.equal(units['local-fs.target'].state, 'active')
      },
      'the log says why': ({ log }) => {
        assert.match(log, /Timed out waiting for device .*data/)
        assert.match(log, /Dependency failed for .*\/srv\/site|Dependency failed for srv-site\.mount/)
        assert.match(log, /error\[lower-missing\]: lower '\/data\/tools\.squashfs' does not exist/)
      },
    },
  },
]
