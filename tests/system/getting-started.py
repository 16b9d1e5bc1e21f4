#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/getting-started.md does what it shows: its console blocks are typed into one shell, as a
person would, and what comes is what is printed there."""
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('G_TEST_SRCDIR', '.'), 'tests', 'lib'))
import debianguest                                  # noqa: E402
import vmdtest                                      # noqa: E402
from vmdtest import BUILDDIR, SRCDIR, VMCTL, on_tcg  # noqa: E402

PAGE = os.path.join(SRCDIR, 'docs', 'getting-started.md')
TIMEOUT = 4 * vmdtest.TIMEOUT
# The shell's prompt has an escape that no program prints, the guest's is busybox's.
SHELL_PROMPT = '\x1b[0;0m$ '
READY = re.compile(re.escape(SHELL_PROMPT) + r'$|(\n|\r)/ # (\x1b\[6n)?$')
ESCAPES = re.compile(r'\x1b\[[0-9;?]*[a-zA-Z]|\x1b[78c]')
ATTACHED = 'Ctrl-] detaches.'
SILENCE = 2
PROMPTS = ('$ ', '/ # ')
KEYS = {'^]': '\x1d', '^C': '\x03', '^D': '\x04'}
# A row of a table of commands: `there` | `here`.
ROW = re.compile(r'^\| `(.+?)` \| `(vmctl .+?)`', re.M)


# ---- The page

def page():
    with open(PAGE, encoding='utf-8') as f:
        return f.read()


def blocks():
    """(number of the line, lines, whether they are run here) of each console block."""
    found = []
    for match in re.finditer(r'(<!-- not run: [^\n]+ -->\n)?```console\n(.*?)```\n', page(), re.S):
        line = page()[:match.start(2)].count('\n') + 1
        found.append((line, match[2].splitlines(), not match[1]))
    return found


def steps(lines):
    """(prompt, what is typed, what is shown after it) of a block."""
    found = []
    for line in lines:
        prompt = next((p for p in PROMPTS if line.startswith(p)), None)
        if prompt:
            found.append([prompt, line[len(prompt):], []])
        elif found[-1][1].endswith('\\') and not found[-1][2]:
            found[-1][1] = found[-1][1][:-1] + line.strip()
        else:
            found[-1][2].append(line)
    return found


def pattern(shown):
    """A regular expression for the lines of an answer: a line `...` stands for any number of
    lines, and within a line it is any text."""
    parts = []
    for line in shown:
        if line.strip() == '...':
            parts.append(r'(?:.*\n)*?')
        else:
            line = re.sub(r' +', ' ', line.rstrip())
            parts.append('.*'.join(re.escape(p) for p in line.split('...')) + r'\n')
    return re.compile(''.join(parts))


# ---- The person

class Shell:
    """A shell on a terminal, in a folder with `docs` and `build` as in the source tree."""

    def __init__(self, folder):
        self.folder = folder
        self.buffer = ''
        self.master, slave = pty.openpty()
        command = alone(['bash', '--noprofile', '--norc', '--noediting', '-i'])
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        cwd=folder, env=environment(folder),
                                        start_new_session=True)
        os.close(slave)
        self.wait()

    def heard(self, seconds):
        """Whether anything is printed within that time; it is added to the buffer."""
        ready = select.select([self.master], [], [], seconds)[0]
        if ready:
            self.buffer += os.read(self.master, 65536).decode(errors='replace')
        return bool(ready)

    def wait(self):
        """What is printed until the next prompt.  On a console where nothing comes Enter is
        pressed: the guest may have printed its prompt before."""
        deadline, pressed = time.monotonic() + TIMEOUT, False
        while not READY.search(self.buffer):
            assert time.monotonic() < deadline, 'no prompt after %r' % self.buffer[-2000:]
            if not self.heard(SILENCE) and self.buffer.rstrip().endswith(ATTACHED):
                os.write(self.master, b'\r')
                pressed = True
        # A guest that was booting yet answers each Enter by a prompt.
        while pressed and self.heard(SILENCE):
            pass
        text, self.buffer = self.buffer, ''
        return text

    def type(self, text):
        """Types a line; returns its output and the prompt after that."""
        line = KEYS.get(text, text + '\n')
        os.write(self.master, line.encode())
        said = self.wait()
        prompt = '$ ' if said.endswith(SHELL_PROMPT) else '/ # '
        said = ESCAPES.sub('', said).replace('\r', '')[:-len(prompt)]
        if text not in KEYS:
            echo, said = said.split('\n', 1)
            assert echo.endswith(text[-20:]), (text, echo)
        return re.sub(r'[ \t]+', ' ', said).replace(' \n', '\n').lstrip('\n'), prompt

    def close(self):
        os.close(self.master)
        try:
            os.killpg(self.process.pid, signal.SIGHUP)
            self.process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()


def alone(command):
    """The command without KVM, as not each has stock kernels run, and, for root, in a network of
    its own, where the ports of the page are free."""
    if os.path.exists('/dev/kvm'):
        vmdtest.need_mounts()
    elif os.geteuid() != 0:
        return command
    return ['unshare', '--mount', '--net', 'sh', '-c', 'ip link set lo up && '
            '{ [ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm; } && exec "$@"', '-', *command]


def environment(folder):
    """A home of its own, without units of systemd for root."""
    return {'PATH': os.environ['PATH'], 'HOME': folder, 'TERM': 'dumb', 'LC_ALL': 'C.UTF-8',
            'PS1': SHELL_PROMPT, 'PS2': '', 'VMD_RUN_DIR': folder + '/run',
            'VMD_STATE_DIR': folder + '/state', 'VMD_CONFIG_DIR': folder + '/config'}


def prepare(folder):
    """The source tree and the guest as the page has them."""
    kernel, initrd = debianguest.images()
    os.symlink(os.path.abspath(os.path.join(SRCDIR, 'docs')), folder + '/docs')
    os.symlink(os.path.abspath(BUILDDIR), folder + '/build')
    guests = folder + '/.cache/vmd-guests'
    os.makedirs(guests)
    os.symlink(os.path.abspath(kernel), guests + '/linux')
    os.symlink(os.path.abspath(initrd), guests + '/initrd')
    with open(guests + '/maker', 'w', encoding='ascii') as f:
        f.write(debianguest.mark())


def end_machines(folder):
    """What a block that failed has left running."""
    env = environment(folder)
    for name in os.listdir(folder + '/run') if os.path.isdir(folder + '/run') else ():
        subprocess.run([VMCTL, 'kill', name], env=env, capture_output=True, check=False,
                       timeout=vmdtest.TIMEOUT)


# ---- Tests

@on_tcg
def page_runs_as_printed(recorder):
    """each console block, typed into one shell"""
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        shell, prompt, n = Shell(folder), '$ ', 0
        try:
            for line, lines, wanted in blocks():
                for expected, typed, shown in steps(lines) if wanted else ():
                    assert prompt == expected, (line, typed, 'typed at', prompt)
                    said, prompt = shell.type(typed)
                    assert pattern(shown).fullmatch(said), 'the block at line %d, %s:\n%s' % (
                        line, typed, said)
                    n += 1
            assert prompt == '$ ' and n >= 40, (prompt, n)
        finally:
            shell.close()
            end_machines(folder)


def options_of(verb):
    """Long and short options that a verb takes."""
    done = subprocess.run([VMCTL, *filter(None, [verb]), '--help'], stdout=subprocess.PIPE,
                          text=True, check=False)
    assert done.returncode == 0, verb
    return set(re.findall(r'(?<!\S)(--[a-z-]+|-[a-zA-Z])(?=[,= \n])', done.stdout))


def check_command(command):
    """The verb and the options of a vmctl command exist; of QEMU's, all translate."""
    words = shlex.split(command)[1:]
    mine, theirs = words, None
    if '--' in words:
        mine, theirs = words[:words.index('--')], words[words.index('--') + 1:]
    verb = next((w for i, w in enumerate(mine)
                 if not w.startswith('-') and (i == 0 or mine[i - 1] not in ('-n', '-s'))), None)
    if verb == 'qemu':
        mine, theirs = [verb], mine[1:]
    known = options_of(verb) | options_of(None)
    for word in mine:
        assert not word.startswith('-') or word.split('=')[0] in known, (command, word)
    if theirs:
        front = ['qemu'] if 'help' in theirs else ['translate', '--']
        done = subprocess.run([VMCTL, *front, *theirs], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout)


def other_commands_exist(recorder):
    """verbs and options of tables, and of the blocks that need root"""
    commands = [row[1] for row in ROW.findall(page())]
    assert len(commands) >= 20, commands
    for _, lines, run in blocks():
        commands += [line.split('# ', 1)[-1] for line in lines
                     if not run and re.match(r'[$#] vmctl ', line)]
    for command in commands:
        check_command(command.removeprefix('$ '))


if __name__ == '__main__':
    vmdtest.main([page_runs_as_printed, other_commands_exist])
