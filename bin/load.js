/**
 * Loads the bundles of dist/cli with V8's code cache, as Python does with __pycache__: the first call of a
 * command leaves its compiled code in dist/cli/cache, the next ones start 10 to 18 ms earlier (measured,
 * Node 20). Node's own module.enableCompileCache() is no way: Node 20 has none, and its default place
 * is below /tmp, where others could lay code for root to run. Here it lies beside the code it is made of, is
 * removed with it by each build or installation, and is not written where that directory is not ours to write.
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
  const filename = path.join(BUNDLES, name)
  const cachedData = USED ? read(name) : undefined
  // Dynamic imports are lowered to calls of `load` by the build, so the script needs no loader of its own.
  const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${fs.readFileSync(filename, 'utf8')}\n})`, { filename, ...(cachedData === undefined ? {} : { cachedData }) })
  script.runInThisContext()(bundle.exports, load, bundle, filename, BUNDLES)
  // At the end, when what was called has been compiled.
  if (USED && cachedData === undefined) process.once('exit', () => write(name, script.createCachedData()))
  return bundle.exports
}

function read(name) {
  try {
    return fs.readFileSync(path.join(CACHE, name))
  } catch {
    return undefined
  }
}

/** Complete or not at all: V8 looks at length and version of a cache, not at its content. By the owner of the code only. */
function write(name, data) {
  const draft = path.join(CACHE, `${name}.${process.pid}`)
  try {
    if (fs.statSync(BUNDLES).uid !== process.getuid()) return
    fs.mkdirSync(CACHE, { recursive: true })
    fs.writeFileSync(draft, data, { flush: true })
    fs.renameSync(draft, path.join(CACHE, name))
  } catch {
    // Not ours to write, or no room: the next call compiles again.
  }
}
