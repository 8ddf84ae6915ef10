// A machine in QEMU: its disks and kernel in, its console out and in, and a report beside it.
//
// The console is ttyS0. What the guest says for programs goes to ttyS1, where neither kernel nor systemd write in between.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * Boots, and returns the running machine:
 *   lines         the console, line by line, to its end
 *   type(text)    as if typed at the console
 *   stop()        pulls the plug
 *   ended         resolves with { timedOut } when QEMU has gone
 *
 * `kernel`, `initramfs` and `append` boot from outside; without them the firmware boots from `disks` or `cdrom`: QEMU's BIOS, or the file `firmware`.
 * A disk is a path, or { path, readOnly, serial }; they are /dev/vda, vdb … in this order. `report` is a file for what comes over ttyS1.
 */
export function bootMachine({ kernel, initramfs, append = '', disks = [], cdrom, firmware, report, memory = 2048, seconds }) {
  const qemu = spawn('qemu-system-x86_64', [
    // Software emulation, always: /dev/kvm is there on machines where it cannot be relied on (nested, CI).
    // A kernel that has `rep stosb` clears its pages by it, and emulated it is so slow that it is half of a boot.
    '-accel', 'tcg', '-cpu', 'max,erms=off,fsrm=off', '-smp', '2', '-m', String(memory),
    '-display', 'none', '-no-reboot', '-nic', 'none', '-monitor', 'none', '-serial', 'stdio',
    ...(report === undefined ? [] : ['-serial', `file:${report}`]),
    ...(firmware === undefined ? [] : ['-bios', firmware]),
    ...(kernel === undefined ? [] : ['-kernel', kernel]),
    ...(initramfs === undefined ? [] : ['-initrd', initramfs]),
    ...(kernel === undefined ? [] : ['-append', append]),
    ...disks.flatMap(diskWords),
    ...(cdrom === undefined ? [] : ['-drive', `file=${escaped(cdrom)},format=raw,media=cdrom,readonly=on`]),
  ], { stdio: ['pipe', 'pipe', 'inherit'] })

  const stop = () => qemu.kill('SIGKILL')
  process.on('SIGINT', stop).on('SIGTERM', stop)
  let timedOut = false
  const timer = setTimeout(() => { timedOut = true; stop() }, seconds * 1000)
  const ended = new Promise((resolve, reject) => qemu.on('error', reject).on('close', () => {
    clearTimeout(timer)
    process.off('SIGINT', stop).off('SIGTERM', stop)
    resolve({ timedOut })
  }))
  return { lines: createInterface({ input: qemu.stdout }), type: text => qemu.stdin.write(text), stop, ended }
}

function diskWords(disk) {
  const { path, readOnly = false, serial } = typeof disk === 'string' ? { path: disk } : disk
  return ['-drive', `file=${escaped(path)},format=raw,if=virtio,cache=unsafe${readOnly ? ',readonly=on' : ''}${serial === undefined ? '' : `,serial=${serial}`}`]
}

/** QEMU's own escape inside an option list. */
const escaped = path => path.replaceAll(',', ',,')
