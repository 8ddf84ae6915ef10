/**
 * Loads the bundles of dist/cli with V8's code cache, as Python does with __pycache__: the first call of a
 * command leaves its compiled code in dist/cli/cache, and the next ones start 10 to 18 ms earlier (measured on
 * Node 20, which has no module.enableCompileCache; and the place which that takes by default, below /tmp, is
 * one where others could lay code for root to run). Here it lies beside the code it is made of, goes with it
 * at each build or installation, and is written by the owner of that code only.
 *
 * NODE_DISABLE_COMPILE_CACHE=1 switches it off, as it does Node's.
 */
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const vm = require('node:vm')

const BUNDLES = path.join(__dirname, '../dist/cli')
const CACHE = path.join(BUNDLES, 'cache', `${process.versions.v8}-${process.arch}`)
const USED = process.env.NODE_DISABLE_COMPILE_CACHE === undefined

const loaded = new Map()

/** `require` for `./name.cjs` of dist/cli; anything else is left to Node. */
module.exports = function load(name) {
  if (!name.startsWith('./')) return require(name)
  const known = loaded.get(name)
  if (known !== undefined) return known.exports
  const bundle = { exports: {} }
  loaded.set(name, bundle)
  try {
    evaluate(name, bundle)
  } catch (error) {
    // Where no more files may be opened: half a bundle is none.
    loaded.delete(name)
    throw error
  }
  return bundle.exports
}

function evaluate(name, bundle) {
  const filename = path.join(BUNDLES, name)
  const stamp = stampOf(filename)
  const cachedData = USED ? read(name, stamp) : undefined
  // Dynamic imports are lowered to calls of `load` by the build, so the script needs no loader of its own.
  const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${fs.readFileSync(filename, 'utf8')}\n})`, { filename, ...(cachedData === undefined ? {} : { cachedData }) })
  script.runInThisContext()(bundle.exports, module.exports, bundle, filename, BUNDLES)
  // At the end, when what was called has been compiled. A cache that other V8 flags reject is left as it is.
  if (USED && cachedData === undefined) process.once('exit', () => write(name, stamp, script.createCachedData()))
}

/** The end of a command that could not even be loaded: where no more files may be opened that is said in one line, which needs none. */
module.exports.failed = function failed(error) {
  if (error?.code !== 'EMFILE' && error?.code !== 'ENFILE') throw error
  const [who, how] = error.code === 'EMFILE' ? ['process', 'ulimit -n 1024'] : ['system', 'sysctl -w fs.file-max=NUMBER']
  fs.writeSync(2, `ovl: this ${who} may not open more files (${error.code}), so that ovl cannot be loaded\n  Raise the limit: ${how}\n`)
  process.exitCode = 2
}

/** Of a source V8 compares the length only, so a cache begins with time and size of the file it was made from. */
function stampOf(filename) {
  const { mtimeMs, size } = fs.statSync(filename)
  return Buffer.from(new Float64Array([mtimeMs, size]).buffer)
}

function read(name, stamp) {
  try {
    const file = fs.readFileSync(path.join(CACHE, name))
    return file.subarray(0, stamp.length).equals(stamp) ? file.subarray(stamp.length) : undefined
  } catch {
    return undefined
  }
}

/** Complete or not at all. */
function write(name, stamp, data) {
  const draft = path.join(CACHE, `${name}.${process.pid}`)
  try {
    if (fs.statSync(BUNDLES).uid !== process.getuid()) return
    fs.mkdirSync(CACHE, { recursive: true })
    fs.writeFileSync(draft, Buffer.concat([stamp, data]), { flush: true })
    fs.renameSync(draft, path.join(CACHE, name))
  } catch {
    // Not to be written, or no room: the next call compiles again.
  }
}
