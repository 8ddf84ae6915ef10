// The boots, as data: what lies in /etc/fstab, which disks there are, and what has to hold when the boot has come to rest.

import assert from 'node:assert/strict'

const DATA = { label: 'data', dirs: ['site', 'site.work'] }

/** A name that every reader between fstab and the kernel would like to read its own way. */
const ODD = `/srv/odd,ro "x" $HOME %h \\ ':#`

/** More than systemd reads of a line of fstab. */
const MANY = Array.from({ length: 70 }, (_, at) => `/srv/layers/${'a-rather-long-name-of-a-layer-'.repeat(2)}${at}`)

/** The lines that are not ovl's. An emulated CPU is slow to find a disk, and one that is missing is waited for to the end. */
const disks = seconds => [
  `LABEL=data /data ext4 nofail,x-systemd.device-timeout=${seconds}s 0 0`,
  '/images/tools.squashfs /opt/tools squashfs ro,loop 0 0',
]

/** Run in the system before it boots, as its administrator would. */
const WRITE = `
ovl fstab --write -l /srv/base -u /data/site -w /data/site.work /srv/site
ovl fstab --write -l /srv/over -l /opt/tools -u /var/tools -w /var/tools.work /srv/tools
ovl fstab --write -l /srv/over -l /srv/base /srv/both
ovl fstab --write --automount -l /srv/over -l /srv/base /srv/auto
ovl fstab --write --helper -l "$ODD" -l /srv/base /srv/strange
ovl unit --write -l /srv/over -l /srv/base /srv/unit
ovl unit --write --helper ${MANY.map(path => `-l ${path}`).join(' ')} -l "$ODD" -l /srv/base -u /data/many --mkdir /srv/many
systemctl enable srv-unit.mount srv-many.mount
`
const SCRATCH = `ovl fstab --write --helper -l /srv/over -l /images/tools.squashfs --tmpfs --size=4m --mkdir /srv/scratch
`
const PLACES = ['/srv/site', '/srv/tools', '/srv/both', '/srv/auto', '/srv/scratch', '/srv/strange', '/srv/unit', '/srv/many']

/** mount.ovl makes its own. */
const DIRS = ['/data', ...PLACES.filter(place => place !== '/srv/scratch' && place !== '/srv/many'), '/var/tools', '/var/tools.work', ODD, ...MANY]

export const SCENES = [
  {
    name: 'whole',
    disks: [DATA],
    dirs: DIRS,
    files: { [`${ODD}/from-odd`]: 'odd' },
    fstab: disks(30),
    write: WRITE + SCRATCH,
    env: { ODD },
    places: PLACES,
    stop: ['/srv/scratch', '/srv/strange', '/srv/many', '/srv/site'],
    checks: {
      'all are up and hold what they should': ({ places }) => {
        assert.deepEqual(Object.fromEntries(Object.entries(places).map(([place, { names, type }]) => [place, [type, ...names].join(' ')])), {
          '/srv/site': 'overlay from-base', '/srv/tools': 'overlay from-over from-tools', '/srv/both': 'overlay from-base from-over',
          '/srv/auto': 'overlay from-base from-over', '/srv/scratch': 'overlay from-over from-tools', '/srv/strange': 'overlay from-base from-odd', '/srv/unit': 'overlay from-base from-over', '/srv/many': 'overlay from-base from-odd',
        })
      },
      'those with an upper can be written, the others not': ({ places }) => {
        assert.deepEqual(Object.fromEntries(Object.entries(places).map(([place, { write }]) => [place, write])), {
          '/srv/site': 'ok', '/srv/tools': 'ok', '/srv/both': 'EROFS', '/srv/auto': 'EROFS', '/srv/scratch': 'ok', '/srv/strange': 'EROFS', '/srv/unit': 'EROFS', '/srv/many': 'ok',
        })
      },
      'each came after what it needs': ({ units }) => {
        for (const [later, sooner] of [['srv-site', 'data'], ['srv-tools', 'opt-tools'], ['srv-many', 'data']]) assert.ok(units[`${later}.mount`].at > units[`${sooner}.mount`].at, `${later} was mounted before ${sooner}`)
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
    fstab: disks(8),
    // An image that somebody has removed: not the disk's fault, and the log has to tell the one from the other.
    write: `${WRITE}ovl fstab --write --helper --nofail -l /srv/over -l /images/gone.squashfs --tmpfs --mkdir /srv/scratch`,
    env: { ODD },
    places: PLACES,
    checks: {
      'the boot goes on, and the others are up': ({ places }) => {
        assert.deepEqual(Object.fromEntries(Object.entries(places).map(([place, { type }]) => [place, type ?? 'none'])), {
          '/srv/site': 'none', '/srv/tools': 'overlay', '/srv/both': 'overlay', '/srv/auto': 'overlay', '/srv/scratch': 'none', '/srv/strange': 'overlay', '/srv/unit': 'overlay', '/srv/many': 'none',
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
        assert.match(log, /error\[lower-missing\]: lower '\/images\/gone\.squashfs' does not exist/)
      },
    },
  },
  {
    // The document's file: two disks, a tmpfs, and an overlay over / without a layer or an order. Put right by ovl's own words.
    name: 'story 10',
    disks: [{ label: 'one', dirs: ['from-one'] }, { label: 'two', dirs: ['upper', 'work'] }],
    dirs: ['/mnt/one', '/mnt/two', '/mnt/overlay', '/srv/merged'],
    fstab: ['LABEL=one /mnt/one ext4 defaults 0 2', 'LABEL=two /mnt/two ext4 defaults 0 2', 'none /mnt/overlay tmpfs defaults 0 0', 'overlay / overlay defaults 0 0'],
    write: `
ovl fstab --remove /
ovl fstab --write -l /mnt/one -l /srv/base -u /mnt/two/upper -w /mnt/two/work /srv/merged
ovl fstab --write --helper -l /mnt/one -u /mnt/overlay/upper --mkdir /srv/forgetful
`,
    places: ['/srv/merged', '/srv/forgetful'],
    checks: {
      'both are up and can be written': ({ places }) => {
        assert.deepEqual(places, { '/srv/merged': { names: ['from-base', 'from-one', 'lost+found'], write: 'ok', type: 'overlay' }, '/srv/forgetful': { names: ['from-one', 'lost+found'], write: 'ok', type: 'overlay' } })
      },
      'after their disks': ({ units }) => {
        for (const [later, sooner] of [['srv-merged', 'mnt-one'], ['srv-merged', 'mnt-two'], ['srv-forgetful', 'mnt-one'], ['srv-forgetful', 'mnt-overlay']]) assert.ok(units[`${later}.mount`].at > units[`${sooner}.mount`].at, `${later} was mounted before ${sooner}`)
      },
      'and go down in order': ({ console }) => assert.deepEqual(console.filter(line => /Failed (?:un)?mounting|timed out/i.test(line)), []),
    },
  },
]
