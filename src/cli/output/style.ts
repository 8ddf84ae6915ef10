/** Colour: the only file that knows chalk, imported where there is colour to be shown. */

import { Chalk } from 'chalk'
import type { Style } from './view.ts'

/** Sixteen colours: the user’s own palette. */
export function createStyle(): Style {
  const chalk = new Chalk({ level: 1 })
  return {
    error: chalk.bold.red, warning: chalk.bold.yellow, note: chalk.bold.cyan, good: chalk.green,
    strong: chalk.bold, faint: chalk.dim, command: chalk.cyan,
  }
}
