"""A terminal for tests: runs a program on a pseudo-terminal and keeps what stands on its screen.

Not a test. It knows what the sluice command uses: \\r, \\n, cursor up, erase below, and colours. Lines
that are too long wrap; after a change of its width all lines are wrapped anew, as most terminals do.
"""
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata


def width_of(text):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else not unicodedata.combining(character)
               for character in text)


class Screen:
    """Rows of (text, wrapped): wrapped rows go on in the next one. The cursor stands in `row`, `column`."""

    def __init__(self, columns, rows):
        self.columns, self.height = columns, rows
        self.rows, self.row, self.column = [["", False]], 0, 0
        self.history = []  # after each piece of output: what stood there
        self.unknown = ""  # the start of a sequence whose end has not come

    def feed(self, text):
        text = self.unknown + text
        self.unknown = ""
        for part in re.findall(r"\x1b\[[\d;]*[A-Za-z]|\x1b[^A-Za-z]*$|[\x00-\x1f\x7f]|[^\x00-\x1f\x7f]+", text):
            if part == "\0":
                continue
            if part == "\r":
                self.column = 0
            elif part == "\n":
                self.line_feed(False)
            elif part.startswith("\x1b"):
                self.sequence(part)
            elif part < " " or part == "\x7f":
                raise AssertionError("a control character: %r in %r" % (part, text))
            else:
                for character in part:
                    self.put(character)
        self.history.append(self.lines())

    def sequence(self, part):
        number = int(re.search(r"\d+", part)[0]) if re.search(r"\d", part) else 1
        if part.endswith("A"):
            if number > min(self.row, self.height - 1):
                raise AssertionError("up above the screen: %r" % part)
            self.row -= number
        elif part == "\x1b[J":
            self.rows[self.row] = [self.rows[self.row][0][:self.column], False]
            del self.rows[self.row + 1:]
        elif not part[-1:].isalpha():
            self.unknown = part
        elif not part.endswith("m"):
            raise AssertionError("an unknown sequence: %r" % part)

    def line_feed(self, wrapped):
        self.rows[self.row][1] = wrapped
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append(["", False])

    def put(self, character):
        width = width_of(character)
        if self.column + width > self.columns:
            self.line_feed(True)
            self.column = 0
        text = self.rows[self.row][0].ljust(self.column)
        shown = character + ("\0" if width == 2 else "")  # the second half of a wide one
        self.rows[self.row][0] = text[:self.column] + shown + text[self.column + len(shown):]
        self.column += width

    def resize(self, columns):
        """Joins what was wrapped and wraps it anew; the cursor stays at its character."""
        joined, cursor = [""], (0, 0)
        for number, (text, wrapped) in enumerate(self.rows):
            if number == self.row:
                cursor = (len(joined) - 1, len(joined[-1]) + self.column)
            joined[-1] += text
            if not wrapped and number + 1 < len(self.rows):
                joined.append("")
        self.columns, self.rows = columns, []
        for number, text in enumerate(joined):
            pieces = [text[at:at + columns] for at in range(0, len(text), columns)] or [""]
            if number == cursor[0]:
                row = min(cursor[1] // columns, len(pieces) - 1)
                self.row, self.column = len(self.rows) + row, cursor[1] - row * columns
            self.rows += [[piece, piece is not pieces[-1]] for piece in pieces]

    def lines(self):
        return [text.replace("\0", "").rstrip() for text, _ in self.rows if text.strip()]


class Terminal:
    """A program whose standard error (and output, if `both`) is a terminal, with its screen."""

    def __init__(self, command, columns=100, rows=24, both=False, **more):
        self.ours, theirs = pty.openpty()
        self.screen, self.output = Screen(columns, rows), b""
        self.rows = rows
        self.set_size(columns)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=theirs,
                                        stdout=theirs if both else subprocess.DEVNULL,
                                        preexec_fn=self.take_control, **more)
        os.close(theirs)

    @staticmethod
    def take_control():
        """In the program: the terminal is its own, so that it gets the signals of keys and sizes."""
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    def type(self, keys):
        os.write(self.ours, keys)

    def set_size(self, columns):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, columns, 0, 0))

    def resize(self, columns):
        """False: the program was writing at that time, and what it wrote may be for either width. Nobody can tell then
        what should stand there, on any terminal."""
        while self.has_more() and (piece := self.whole_piece()):
            self.show(piece)
        self.set_size(columns)
        quiet = not self.has_more()
        self.screen.resize(columns)
        return quiet

    def has_more(self, seconds=0):
        return bool(select.select([self.ours], [], [], seconds)[0])

    def show(self, piece):
        self.output += piece
        self.screen.feed(piece.decode(errors="replace"))

    def read(self, seconds):
        """What comes in that time goes to the screen. False: the program has closed its side."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not self.has_more(left):
                break
            piece = self.whole_piece()
            if not piece:
                return False
            self.show(piece)
        return True

    def whole_piece(self):
        """All of what was written at once, which may come in several reads; empty at the end."""
        piece = b""
        while not piece or self.has_more(0.01):
            try:
                piece += os.read(self.ours, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                break
        return piece

    def read_until(self, condition, seconds=30):
        until = time.monotonic() + seconds
        while not condition(self) and time.monotonic() < until:
            if not self.read(0.05):
                return
        if not condition(self):
            raise AssertionError("it did not come:\n" + "\n".join(self.screen.lines()))

    def give_up(self):
        self.process.kill()
        self.finish()

    def finish(self, seconds=30):
        """Reads to the end; returns the exit status."""
        until = time.monotonic() + seconds
        while self.read(0.2):
            if time.monotonic() > until:
                self.process.kill()
                raise AssertionError("it does not end:\n" + "\n".join(self.screen.lines()))
        os.close(self.ours)
        return self.process.wait(seconds)
