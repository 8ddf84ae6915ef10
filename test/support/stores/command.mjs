/**
 * Runs one program to its end. The error carries what the program said, since that is all a failed test will show.
 */

import { execFile } from 'node:child_process'

/** @returns {Promise<string>} stdout without its last newline */
export function run([program, ...args], options = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 1 << 26, ...options }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }))
      else resolve(stdout.trimEnd())
    })
    child.stdin.end()
  })
}
