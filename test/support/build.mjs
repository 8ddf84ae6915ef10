/**
 * `npm run build`: the library by tsc, the command as CommonJS bundles by esbuild, its pages from the
 * command table. Built beside and put in place at the end, so that a failed build leaves the last one as it was.
 *
 *   dist/**            the library (ES modules and types), without src/cli
 *   dist/cli/ovl.cjs   the command; koffi stays outside
 *   dist/cli/mount-helper.cjs   mount.ovl and umount.ovl
 *   dist/cli/*.cjs     what it imports on demand, a file each; the helpers that bin/child.js runs
 *   dist/man, dist/completions
 */

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as bundle } from 'esbuild'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const STAGE = join(ROOT, 'node_modules', `.ovl-build-${process.pid}`)

const COMMON = {
  bundle: true, platform: 'node', format: 'cjs', target: 'node20.19', charset: 'utf8', logLevel: 'warning', legalComments: 'none', absWorkingDir: ROOT,
  minifyWhitespace: true, minifySyntax: true,
  // A bundle is no ES module: what asks where it lies is told where the bundle lies.
  banner: { js: '"use strict";const __ovl={get url(){return require("node:url").pathToFileURL(__filename).href}};' },
  define: { 'import.meta.url': '__ovl.url' },
  supported: { 'dynamic-import': false },
  external: ['koffi'],
}

/** What runs in a process or a thread of its own: entry points by themselves, of the library too. */
const CHILDREN = ['mount-child', 'probe-child', 'trial-child', 'touch-child', 'enter-child']

/** Packages whose code has gone into the command. */
const bundled = new Set()

try {
  mkdirSync(STAGE, { recursive: true })
  const [compiled] = await Promise.all([
    tsc(['-p', '.', '--outDir', join(STAGE, 'dist')]),
    bundleCommand(),
    bundle({ ...COMMON, entryPoints: ['src/cli/pages.ts'], outfile: join(STAGE, 'pages.cjs') }),
  ])
  if (!compiled) throw new Error('tsc found errors; dist is as it was')
  rmSync(join(STAGE, 'dist/cli'), { recursive: true, force: true })
  renameSync(join(STAGE, 'cli'), join(STAGE, 'dist/cli'))
  writeLicences()
  writePages()
  putInPlace()
} catch (error) {
  console.error(`build: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(STAGE, { recursive: true, force: true })
}

/**
 * Bundles main.ts and mount-helper.ts, and everything that is imported on demand into a file of its own, complete in itself: V8
 * takes 4 ms to look through 100 kB that are not run. What two files share is in both, which is harmless
 * because the only state of a module is the FFI handle and the kernel log’s descriptor.
 */
async function bundleCommand() {
  const found = new Map([[join(ROOT, 'src/cli/main.ts'), 'ovl'], [join(ROOT, 'src/cli/mount-helper.ts'), 'mount-helper'], ...CHILDREN.map((name) => [join(ROOT, `src/host/${name}.ts`), `host-${name}`])])
  const packages = new Set()
  const onDemand = {
    name: 'on-demand',
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:') || COMMON.external.includes(path)) return undefined
        if (!path.startsWith('.')) packages.add(path)
        else if (!found.has(join(resolveDir, path))) found.set(join(resolveDir, path), relative(join(ROOT, 'src'), join(resolveDir, path)).replace(/\.ts$/, '').replaceAll('/', '-'))
        return { path: `./${path.startsWith('.') ? found.get(join(resolveDir, path)) : path}.cjs`, external: true }
      })
    },
  }
  for (let built = 0; built < found.size; ) {
    const entries = [...found].slice(built)
    built = found.size
    await bundleAndNote({ ...COMMON, entryPoints: entries.map(([path, name]) => ({ in: path, out: name })), outdir: join(STAGE, 'cli'), outExtension: { '.js': '.cjs' }, plugins: [onDemand] })
  }
  // `require` of a package must give what `import()` would give as the namespace of a CommonJS module.
  await Promise.all([...packages].map((name) => bundleAndNote({ ...COMMON, stdin: { contents: `const it = require('${name}'); module.exports = it.default ?? it`, resolveDir: ROOT }, outfile: join(STAGE, `cli/${name}.cjs`) })))
}

async function bundleAndNote(options) {
  const { metafile } = await bundle({ ...options, metafile: true })
  for (const path of Object.keys(metafile.inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]
    if (folder !== undefined) bundled.add(folder)
  }
}

/** Their licences ask to go where the code goes. */
function writeLicences() {
  const texts = [...bundled].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))
    const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry))
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(ROOT, folder, file), 'utf8').trim()}\n`
  })
  writeFileSync(join(STAGE, 'dist/cli/THIRD-PARTY.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`))
}

/** tsc's own words go through; true when it found nothing. */
function tsc(words) {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...words], { cwd: ROOT, stdio: 'inherit' })
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', (code) => resolve(code === 0)))
}

/** Dated by SOURCE_DATE_EPOCH where builds are to be reproducible. */
function writePages() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const epoch = process.env.SOURCE_DATE_EPOCH
  const date = (epoch === undefined ? new Date() : new Date(Number(epoch) * 1000)).toISOString().slice(0, 10)
  for (const [path, text] of Object.entries(createRequire(import.meta.url)(join(STAGE, 'pages.cjs')).renderPages(version, date))) {
    mkdirSync(dirname(join(STAGE, 'dist', path)), { recursive: true })
    writeFileSync(join(STAGE, 'dist', path), text)
  }
}

function putInPlace() {
  rmSync(join(STAGE, 'old'), { recursive: true, force: true })
  try {
    renameSync(join(ROOT, 'dist'), join(STAGE, 'old'))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  renameSync(join(STAGE, 'dist'), join(ROOT, 'dist'))
}
