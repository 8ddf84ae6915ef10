/** Boot menus as media have them: Ubuntu, Debian's live-build, isolinux, and texts that mean no good. */

import { describe, expect, it } from 'vitest'
import { parseBootEntries } from '../../../src/live/boot-entries.ts'

const UBUNTU = `set timeout=30

loadfont unicode

set menu_color_normal=white/black
set menu_color_highlight=black/light-gray

menuentry "Try or Install Ubuntu" {
	set gfxpayload=keep
	linux	/casper/vmlinuz  --- quiet splash
	initrd	/casper/initrd
}
menuentry 'Ubuntu (safe graphics)' {
	set gfxpayload=keep
	linux	/casper/vmlinuz nomodeset ds=nocloud\\;s=/cdrom/  --- quiet splash
	initrd	/casper/initrd
}
grub_platform
if [ "$grub_platform" = "efi" ]; then
menuentry 'Boot from next volume' {
	exit 1
}
menuentry 'UEFI Firmware Settings' {
	fwsetup
}
else
menuentry 'Test memory' {
	linux16 /boot/memtest86+x64.bin
}
fi
`
const DEBIAN = `source /boot/grub/config.cfg

# Live boot
menuentry "Live system (amd64)" --hotkey=l {
	linux	/live/vmlinuz-6.1.0-25-amd64 boot=live components quiet splash findiso=\${iso_path}
	initrd	/live/initrd.img-6.1.0-25-amd64
}
menuentry "Live system (amd64 fail-safe mode)" {
	linux	/live/vmlinuz-6.1.0-25-amd64 boot=live components memtest noapic noapm nodma nomce nosmp nosplash vga=788
	initrd	/live/initrd.img-6.1.0-25-amd64
}
submenu 'Advanced install options ...' --hotkey=a {
	set theme=/boot/grub/live-theme/theme.txt
	source /boot/grub/install.cfg
}
submenu 'Utilities...' --hotkey=u {
	source /boot/grub/theme.cfg
	if [ $grub_platform = "efi" ]; then
		menuentry "UEFI Firmware Settings" {
			fwsetup
		}
	fi
}
`
const CONFIG = `set default=0

if [ x$feature_default_font_path = xy ] ; then
  font=unicode
else
  font=$prefix/unicode.pf2
fi

if loadfont $font ; then
  set gfxmode=800x600
fi
source /boot/grub/theme.cfg
`

const brief = (texts: Readonly<Record<string, string>>): string[] => parseBootEntries(texts).map(({ title, kernel, initrd, cmdline, isDefault }) => `${isDefault ? '*' : ''}${title} | ${kernel} | ${initrd ?? '-'} | ${cmdline}`)

describe('GRUB', () => {
  it('of Ubuntu', () => {
    expect(brief({ '/boot/grub/grub.cfg': UBUNTU })).toEqual([
      '*Try or Install Ubuntu | /casper/vmlinuz | /casper/initrd | --- quiet splash',
      'Ubuntu (safe graphics) | /casper/vmlinuz | /casper/initrd | nomodeset ds=nocloud;s=/cdrom/ --- quiet splash',
      'Test memory | /boot/memtest86+x64.bin | - | ',
    ])
  })

  it('of live-build, with what it includes', () => {
    const texts = { '/boot/grub/grub.cfg': DEBIAN, '/boot/grub/config.cfg': CONFIG, '/boot/grub/theme.cfg': 'set color_normal=light-gray/black\n', '/boot/grub/install.cfg': "menuentry 'Graphical install' {\n linux /install/gtk/vmlinuz vga=788 --- quiet\n initrd /install/gtk/initrd.gz\n}\n" }
    expect(brief(texts)).toEqual([
      '*Live system (amd64) | /live/vmlinuz-6.1.0-25-amd64 | /live/initrd.img-6.1.0-25-amd64 | boot=live components quiet splash findiso=',
      'Live system (amd64 fail-safe mode) | /live/vmlinuz-6.1.0-25-amd64 | /live/initrd.img-6.1.0-25-amd64 | boot=live components memtest noapic noapm nodma nomce nosmp nosplash vga=788',
      'Graphical install | /install/gtk/vmlinuz | /install/gtk/initrd.gz | vga=788 --- quiet',
    ])
    expect(parseBootEntries(texts).map(({ file }) => file)).toEqual(['/boot/grub/grub.cfg', '/boot/grub/grub.cfg', '/boot/grub/install.cfg'])
  })

  it.each<[how: string, text: string, chosen: string]>([
    ['by number', 'set default=1\nmenuentry A {\nlinux /a\n}\nmenuentry B {\nlinux /b\n}', 'B'],
    ['by title', 'set default="B b"\nmenuentry A {\nlinux /a\n}\nmenuentry "B b" {\nlinux /b\n}', 'B b'],
    ['by id', 'default=x\nset default=x\nmenuentry A {\nlinux /a\n}\nmenuentry B --class os $menuentry_id_option x {\nlinux /b\n}', 'B'],
    ['in a submenu', 'set default="1>0"\nmenuentry A {\nlinux /a\n}\nsubmenu S {\nmenuentry B {\nlinux /b\n}\n}', 'B'],
    ['remembered nowhere: the first', 'set default="${saved_entry}"\nmenuentry A {\nlinux /a\n}\nmenuentry B {\nlinux /b\n}', 'A'],
    ['one that is not there: the first', 'set default=9\nmenuentry A {\nlinux /a\n}', 'A'],
    ['all on one line', 'set default=1; menuentry A { linux /a; }; menuentry B { linux /b; }', 'B'],
  ])('chooses %s', (_how, text, chosen) => {
    expect(parseBootEntries({ '/boot/grub/grub.cfg': text }).find(({ isDefault }) => isDefault)?.title).toBe(chosen)
  })

  it.each<[what: string, words: string, cmdline: string]>([
    ['variables of the file', 'set x=quiet\nmenuentry A {\nset y=z\nlinux /k $x ${y} ${nobody} end\n}', 'quiet z  end'],
    ['a line that goes on', 'menuentry A {\nlinux /k a \\\n  b\n}', 'a b'],
    ['quotes', 'menuentry A {\nlinux /k "a b" \'c;d\' e#f # remark\n}', 'a b c;d e#f'],
    ['devices before paths', 'menuentry A {\nlinux ($root)/k a\n}', 'a'],
    ['linuxefi', 'menuentry A {\nlinuxefi /k a\n}', 'a'],
  ])('reads %s', (_what, text, cmdline) => {
    expect(parseBootEntries({ '/boot/grub/grub.cfg': text }).map((entry) => [entry.kernel, entry.cmdline.replaceAll(/ +/g, ' ')])).toEqual([['/k', cmdline.replaceAll(/ +/g, ' ')]])
  })

  it('of the EFI partition leads to the other', () => {
    expect(brief({ '/EFI/BOOT/grub.cfg': 'search --file --set=root /.disk/info\nset prefix=($root)/boot/grub\nsource $prefix/main.cfg\n', '/boot/grub/main.cfg': 'menuentry A {\nlinux /k q\n}\n' })).toEqual(['*A | /k | - | q'])
  })
})

describe('isolinux', () => {
  it('of live-build, with what it includes', () => {
    expect(brief({
      '/isolinux/isolinux.cfg': 'include menu.cfg\ndefault vesamenu.c32\nprompt 0\ntimeout 0\n',
      '/isolinux/menu.cfg': 'menu hshift 0\nmenu title Boot menu\ninclude live.cfg\ninclude /isolinux/install.cfg\n',
      '/isolinux/live.cfg': 'label live-amd64\n\tmenu label ^Live system (amd64)\n\tmenu default\n\tlinux /live/vmlinuz\n\tinitrd /live/initrd.img\n\tappend boot=live components\n',
      '/isolinux/install.cfg': 'LABEL install\n\tKERNEL /install/vmlinuz\n\tAPPEND vga=788 initrd=/install/initrd.gz --- quiet\nlabel hdt\n\tkernel hdt.c32\n',
    })).toEqual(['*Live system (amd64) | /live/vmlinuz | /live/initrd.img | boot=live components', 'install | /install/vmlinuz | /install/initrd.gz | vga=788 --- quiet'])
  })

  it('has a common append, and a default by name', () => {
    expect(brief({ '/syslinux/syslinux.cfg': 'DEFAULT b\nAPPEND common\nLABEL a\nKERNEL /a\nLABEL b\nKERNEL /b\nAPPEND -\nLABEL c\nKERNEL /c\nAPPEND own\n' })).toEqual(['a | /a | - | common', '*b | /b | - | ', 'c | /c | - | own'])
  })
})

it('GRUB comes first; the same file is not read twice', () => {
  expect(brief({ '/isolinux/isolinux.cfg': 'label i\nkernel /i\n', '/boot/grub/grub.cfg': 'menuentry g {\nlinux /g\n}\nsource /boot/grub/loopback.cfg\n', '/boot/grub/loopback.cfg': 'menuentry l {\nlinux /l\n}\n' })).toEqual(['*g | /g | - | ', 'l | /l | - | ', '*i | /i | - | '])
})

it('a hostile text costs no more than its length', () => {
  const many = (text: string): string => text.repeat(Math.floor(200_000 / text.length))
  const texts = [many(' '), many('{'), many('}'), many('"'), many("'"), many('\\'), many('$'), many('${'), many('menuentry '), many('menuentry {'), many('submenu a {\n'), many('source /boot/grub/grub.cfg\n'), many('include isolinux.cfg\n'), many('a;'), many('"$a'), many('\t\n'), `menu ${many(' ')}x`]
  const before = process.cpuUsage()
  for (const text of texts) {
    parseBootEntries({ '/boot/grub/grub.cfg': text })
    parseBootEntries({ '/isolinux/isolinux.cfg': text })
  }
  // Files that include each other: no path through them is taken twice.
  const names = Array.from({ length: 12 }, (_, at) => `/boot/grub/${at === 0 ? 'grub' : at}.cfg`)
  parseBootEntries(Object.fromEntries(names.map((name) => [name, names.map((other) => `source ${other}\n`).join('')])))
  parseBootEntries(Object.fromEntries(names.map((_, at) => [`/isolinux/${at === 0 ? 'isolinux' : at}.cfg`, names.map((__, other) => `include ${other === 0 ? 'isolinux' : other}.cfg\n`).join('')])))
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(8)
})
