/** How a result is to be shown to people: what the terminal can do, as data, so that every render function is pure. */

export interface View {
  /** Width of the terminal; Infinity where output goes to a file or a pipe, so that nothing is cut. */
  readonly columns: number
  /** Box drawing and `…`, or ASCII for the same. */
  readonly unicode: boolean
  readonly verbose: boolean
  readonly style: Style
}

type Paint = (text: string) => string

/** Meaning, not paint: renderers ask for `error`, never for red. */
export interface Style {
  readonly error: Paint
  readonly warning: Paint
  readonly note: Paint
  readonly good: Paint
  readonly strong: Paint
  readonly faint: Paint
  readonly command: Paint
}

const plain: Paint = (text) => text

/** No colour at all. */
export const PLAIN_STYLE: Style = { error: plain, warning: plain, note: plain, good: plain, strong: plain, faint: plain, command: plain }

/** Paragraphs are wrapped here even on wide terminals: long lines read badly. */
export const PARAGRAPH_COLUMNS = 80
