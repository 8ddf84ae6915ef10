/** What tools say after a failure: clean-up that finds nothing to clean, exit statuses, dependents, hints where to look. */

const AFTER: readonly RegExp[] = [
  /\b(?:un-?mounting|error unmounting|failed to (?:u|un)mount|unable to unmount)\b[^\n]{0,600}(?:invalid argument|not mounted|no such file|busy)/i,
  /Mount process (?:exited|finished)|Failed with result|Main process exited|Control process exited|code=exited|Job \S{1,200} failed|Dependency failed for|start request repeated|Unit entered failed state/i,
  /^Failed to (?:mount|start) \S{1,200}\.(?:mount|service|automount)\b|^Failed to (?:mount|start) [^:]{1,200}\.$|^Mounting \S{1,200}\.\.\.$|^Starting |^See ['"]?systemctl|entering emergency mode|emergency mode/i,
  /dmesg\(1\) may have more|in some cases useful info|dmesg \| tail|see ['"]?(?:docker|podman|systemctl|journalctl)/i,
  /^(?:\S{1,60} )?(?:\S{1,60}: )?(?:for \S{1,200} )?(?:command )?(?:exited with|returned) (?:non-zero )?(?:exit )?(?:status|code) \d{1,3}\.?$|^:? ?exit status \d{1,3}$|exited with exit status \d/i,
  /failed to (?:shut ?down storage|remove mount temp dir|clean ?up|delete (?:task|container)|cleanup|rollback)|error cleaning up|context canceled|cleaning up after|failed to reap|while unmounting|error removing container/i,
  /unknown argument ignored: |^\S{0,20} ?device "?\w{0,20}"? ?(?:already )?gone/i,
]

/** True for a line that is never a cause. */
export function isAftermath(line: string): boolean {
  const head = line.slice(0, 4000)
  return AFTER.some((words) => words.test(head))
}
