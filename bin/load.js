/**
 * Loads the bundles of dist/cli with V8's code cache, as Python does with __pycache__: the first call of a
 * command leaves its compiled code in dist/cli/cache, and the next ones start 10 to 18 ms earlier (measured on
 * Node 20, which has no module.enableCompileCache; and the place which that takes by default, below /tmp, is
 * one where others could lay code for root to run). Here it lies beside the code it is made of, goes with it
 * at each build or installation, and is written by the owner of that code only. Cached code is code: it is run only
 * from files and directories that nobody but root and this user can write.
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
  let fd
  try {
    if (!isSafePlace()) return undefined
    fd = fs.openSync(path.join(CACHE, name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
    const found = fs.fstatSync(fd)
    if (!found.isFile() || !isOurs(found)) return undefined
    const file = fs.readFileSync(fd)
    return file.subarray(0, stamp.length).equals(stamp) ? file.subarray(stamp.length) : undefined
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) fs.closeSync(fd)
  }
}

let safe

/** The directories from the code down to its cache. Where nobody else can write them, nobody can change what is in them. */
function isSafePlace() {
  safe ??= [BUNDLES, path.dirname(CACHE), CACHE].every((directory) => {
    const found = fs.lstatSync(directory)
    return found.isDirectory() && isOurs(found)
  })
  return safe
}

const GROUP_AND_OTHERS_WRITE = 0o022

function isOurs({ uid, mode }) {
  return (uid === 0 || uid === process.geteuid()) && (mode & GROUP_AND_OTHERS_WRITE) === 0
}

/** Complete or not at all. */
function write(name, stamp, data) {
  const file = path.join(CACHE, name)
  const draft = `${file}.${require('node:crypto').randomBytes(8).toString('hex')}`
  try {
    const home = fs.statSync(BUNDLES)
    if (home.uid !== process.geteuid() || !isOurs(home)) return
    for (const directory of [path.dirname(CACHE), CACHE]) makeSafe(directory)
    const fd = fs.openSync(draft, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600)
    try {
      fs.writeFileSync(fd, Buffer.concat([stamp, data]), { flush: true })
      fs.fchmodSync(fd, 0o644)
    } finally {
      fs.closeSync(fd)
    }
    fs.renameSync(draft, file)
  } catch {
    // Not to be written, or no room: the next call compiles again.
    try {
      fs.unlinkSync(draft)
    } catch {
      // It was never made.
    }
  }
}

/** Makes a directory that only we can write, whatever the umask; one of ours that others could write is mended. Throws when it is not ours. */
function makeSafe(directory) {
  try {
    fs.mkdirSync(directory, { mode: 0o755 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  const fd = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW)
  try {
    if (fs.fstatSync(fd).uid !== process.geteuid()) throw new Error('somebody else made it')
    fs.fchmodSync(fd, 0o755)
  } finally {
    fs.closeSync(fd)
  }
}
