/**
 * What stands before a message: time stamps, host and process of syslog and journald, the marks of
 * dmesg, klog, logrus, compose and CI, prompts and quotation marks. One table, applied until nothing fits.
 */

export interface Unwrapped {
  readonly text: string
  /** The process named by the prefix (`kernel`, `systemd`, `mount`), where there is one. */
  readonly process?: string
  /** Typed at a prompt, or a trace of a shell: a command and not its answer. */
  readonly typed: boolean
}

/** A line without its prefixes. */
export function unwrap(line: string): Unwrapped {
  let text = line.trim()
  let process: string | undefined
  let typed = false
  for (let turn = 0; turn < 8; turn++) {
    const row = PREFIXES.find(({ pattern }) => pattern.test(text))
    if (row === undefined) break
    const found = row.pattern.exec(text)
    process = found?.groups?.['process'] ?? process
    typed ||= row.typed === true
    text = text.slice(found?.[0].length ?? 0).trimStart()
  }
  return { text, typed, ...(process === undefined ? {} : { process: process.toLowerCase() }) }
}

interface Prefix {
  readonly pattern: RegExp
  readonly typed?: true
}

const TIME = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,9})?`
const PROCESS = String.raw`(?<process>\(?[\w.@+-]{1,40}\)?)(?:\[\d{1,10}\])?: `
/** Months and days in any language: a word, a number. */
const DAY = String.raw`[\p{L}\d]{1,6}\.? {1,2}\d{1,2}`

const PREFIXES: readonly Prefix[] = [
  // dmesg: plain, -T, -e, -x, raw
  { pattern: /^\[ {0,8}[+]?[\d.]{1,20}(?:@\d{1,4})?\](?: |$)/ },
  { pattern: /^\[(?:\p{L}{2,4} )?\p{L}{3} ?\d{1,2} \d\d:\d\d(?::\d\d)?(?: \d{4})?\](?: |$)/u },
  { pattern: /^\[(?:\p{L}{2,4} )\p{L}{3} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}\](?: |$)/u },
  { pattern: /^(?:kern|user|daemon) {0,3}:(?:emerg|alert|crit|err|warn|notice|info|debug) {0,4}: / },
  { pattern: /^<\d{1,3}>/ },
  { pattern: /^\d{1,3},\d{1,12},\d{1,20},[^;]{0,20};/ },
  // syslog, journald (short, iso, export), with host and process
  { pattern: new RegExp(String.raw`^${DAY} ${TIME} (?:[\w.:-]{1,80} )?${PROCESS}`, 'u') },
  { pattern: new RegExp(String.raw`^\d{4}-\d\d-\d\d[T ]${TIME}(?:Z|[+-]\d\d:?\d\d)? (?:[\w.-]{1,80} )?${PROCESS}`) },
  { pattern: /^[\w-]{1,60} (?<process>kernel|systemd\[\d{1,10}\]|dockerd\[\d{1,10}\]): / },
  { pattern: /^(?<process>kernel|dracut-[\w-]{1,40}|dracut|initrd|casper|live-boot)(?:\[\d{1,10}\])?: / },
  { pattern: /^(?<process>[\w.-]{1,40})\[\d{1,10}\]: / },
  { pattern: new RegExp(String.raw`^\d{4}[-/]\d\d[-/]\d\d[T ]${TIME}(?:Z| ?[+-]\d\d:?\d\d)?[ \]|:-]{1,3}`) },
  { pattern: new RegExp(String.raw`^${DAY} ${TIME} `, 'u') },
  { pattern: new RegExp(String.raw`^\[?${TIME}\]? `) },
  { pattern: /^(?:MESSAGE|_MESSAGE)=/ },
  // klog, logrus on a terminal, levels
  { pattern: /^[IWEF]\d{4} [\d:.]{8,15} {1,7}\d{1,10} [\w.-]{1,60}:\d{1,6}\] / },
  { pattern: /^(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[[\dT:+Z.-]{1,30}\] {0,4}/ },
  { pattern: /^\[(?:ERROR|WARN(?:ING)?|INFO|FATAL|DEBUG|CRIT(?:ICAL)?|FAILED|DEPEND)\] / },
  { pattern: /^(?:FATAL|CRITICAL) {1,3}[-:] / },
  // compose, buildkit, GitHub and GitLab runners
  { pattern: /^[\w.-]{1,60} {1,20}\| / },
  { pattern: /^#\d{1,4} (?:\d{1,6}\.\d{1,4} )?(?=\S)/ },
  { pattern: /^=> => # / },
  { pattern: /^##\[\w{1,20}\]/ },
  // quoting in mails and markdown
  { pattern: /^(?:> ?|\* |- |• |‣ |`{1,3}(?:\w{1,10}$)?)/ },
  // prompts and shell traces
  { pattern: /^[\w.-]{1,40}@[\w.-]{1,60}[:~ ][^\s#$%]{0,120} ?[#$%] /, typed: true },
  { pattern: /^\[[\w.-]{1,40}@[\w.-]{1,60} [^\]]{0,120}\][#$%] /, typed: true },
  { pattern: /^[/~][\w./-]{0,80} # /, typed: true },
  { pattern: /^(?:[$%#] |\+{1,4} )(?=\S)/, typed: true },
]
