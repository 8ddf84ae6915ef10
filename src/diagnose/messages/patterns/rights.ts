/** Rights: user namespaces that are closed, security modules, options refused to those who are not root. */

import { faint, hinted, told } from './hint.ts'
import type { Phrase } from './hint.ts'

export const RIGHTS: readonly Phrase[] = [
  told(/apparmor_restrict_unprivileged_userns|unprivileged_userns_(?:clone|apparmor)|max_user_namespaces|user ?namespaces? (?:are|is) (?:not (?:enabled|allowed|supported|available)|disabled|restricted)|CONFIG_USER_NS|cannot (?:create|enter|make) (?:a )?(?:new )?user ?namespace|No permissions to creat\w{1,3} (?:a )?new namespace/i, 'userns-disabled', 'lsm-denied', 'not-permitted'),
  told(/uid_map[^\n]{0,60}(?:not permitted|permission denied|failed)|setting up uid map|newuidmap[^\n]{0,200}(?:failed|not permitted|denied)|unshare: unshare failed|unshare[^\n]{0,120}(?:operation not permitted|no space left)|cannot clone: (?:operation not permitted|invalid argument|permission denied)|clone\(?\)?[^\n]{0,40}CLONE_NEWUSER|profile="unprivileged_userns"/i, 'userns-disabled', 'not-permitted'),
  told(/apparmor="?(?:DENIED)|avc: +denied|selinux[^\n]{0,60}(?:den(?:y|ied)|prevent|block)|apparmor[^\n]{0,60}(?:den(?:y|ied)|prevent|block)|invalid selinux context|(?:invalid|bad) (?:selinux )?context\b|smack[^\n]{0,40}denied|seccomp[^\n]{0,60}(?:den|block|kill)/i, 'lsm-denied'),
  hinted(/security_sb_set_mnt_opts|SELinux: (?:mount invalid|\(dev overlay|duplicate or incompatible|security_context)|unknown (?:option|parameter)[^\n]{0,10}context/i, 'lsm-denied', 'option-unknown'),
  hinted(/(?:cannot|can't|could not|unable to|not (?:supported|allowed|possible)|refus)[^\n]{0,80}\b(?:rootless|unprivileged|non-?root)\b|\b(?:rootless|unprivileged)\b[^\n]{0,60}(?:not supported|not allowed|cannot|unable)/i, 'not-permitted', 'userns-disabled', 'tool-missing'),
  hinted(/root_squash|allow_other\b|mounter'?s? credentials|override_creds/i, 'mounter-credentials'),
  hinted(/requires? permission to access trusted xattrs/, 'userns-option-refused'),
  faint(/need(?:s)? (?:the )?'?userxattr/i, 'userns-needs-userxattr'),
  hinted(/^mount: [^\n]{1,1000}: permission denied\.?$/, 'not-permitted', 'userns-option-refused', 'lsm-denied'),
]
