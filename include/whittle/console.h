/* What passes between a running kernel and `whittle run`: output, messages, input, status.
 *
 * Three QEMU isa-debugcon devices, each only there when the tool put it there: reading the port gives CONSOLE_PRESENT
 * (a port that nobody answers reads 0xff). One `out` is one byte; QEMU waits when its reader is slow, so no byte is
 * lost and none needs polling: `rep outsb` of a whole write is right, and the fastest that these ports have.
 *
 *   CONSOLE_OUTPUT_PORT   what the program writes to its console, untouched: no CR is added, any byte value passes.
 *                         A virtio console, where there is one, carries it instead, in large pieces.
 *   CONSOLE_LOG_PORT      kernel messages, lines of text ending in LF, whatever the log level lets through.
 *   CONSOLE_STATUS_PORT   one byte, the last thing before the machine is powered off: how the program ended.
 *
 * What is not there goes to COM1 (plain QEMU): the program's bytes as text (LF becomes CR LF), the messages, and as the
 * last line CONSOLE_STATUS_LINE with the number in decimal, printed at any log level. Each device is looked for on its
 * own: a kernel with a status port and no output port writes the program's bytes to COM1.
 *
 * Input comes on COM1, or by that virtio console, in the same form, if the kernel has its driver: then nothing need wait for
 * CONSOLE_READY, since the device holds input until the kernel offers buffers. Setting up a UART loses what has reached it before, so the tool sends nothing until the
 * kernel, where CONSOLE_LOG_PORT answers, has written CONSOLE_READY to COM1: once, when it takes input. With the
 * parameter CONSOLE_STDIN_FRAMED it is a pipe, not a terminal: no echo, no line editing, no CR to LF; and CONSOLE_DLE
 * introduces a pair: DLE DLE is one byte of value DLE, DLE EOF means that the input ends there (reads give 0 from
 * then on; no byte follows), any other pair is dropped. Without the parameter COM1 is a terminal of the simplest
 * kind. With CONSOLE_TTY the console answers TCGETS and TIOCGWINSZ like a terminal (the tool says so when its own
 * input and output are terminals, which edit lines and echo themselves); with CONSOLE_STDIN_FRAMED alone these give
 * ENOTTY.
 *
 * A break on COM1 asks the machine to stop: the program gets SIGTERM, and SIGKILL when it has not ended within the
 * time of the parameter CONSOLE_STOP ("10s" if it is not given; "500ms"). A kernel that has no such parameter stops
 * for nothing.
 *
 * Status: 0..255 as the program gave it, 128 + N when signal N ended it. The kernel itself says CONSOLE_STATUS_NOTFOUND
 * when the program is not in the image, and CONSOLE_STATUS_MACHINE when it cannot get as far as a program (too little
 * memory, no root, a corrupted root), each after one log line of level error. A panic sends no byte.
 *
 * Addresses in messages are named by the tool, from IMAGE.debug and the program's files, where they stand like this:
 * a kernel address as "[<ffffffff80123456>]" (16 hex digits, as in the linked image, slide taken off), and a program
 * address as "(/path/in/the/root+0x1234)", the number being the address as in that file's own symbol table
 * (pc - load bias, a link-time address, not a file offset).
 */
#ifndef WHITTLE_CONSOLE_H
#define WHITTLE_CONSOLE_H

#define CONSOLE_OUTPUT_PORT 0x4e9
#define CONSOLE_LOG_PORT    0xe9
#define CONSOLE_STATUS_PORT 0x5e9
#define CONSOLE_PRESENT     0xe9

#define CONSOLE_STDIN_FRAMED "whittle.stdin=framed"
#define CONSOLE_TTY          "whittle.tty=1"
#define CONSOLE_STOP         "whittle.stop"
#define CONSOLE_READY        0x11 /* XON */
#define CONSOLE_DLE          0x10
#define CONSOLE_EOF          0x04

#define CONSOLE_STATUS_MACHINE  126
#define CONSOLE_STATUS_NOTFOUND 127
#define CONSOLE_STATUS_LINE     "whittle: exit status "

#endif
