/* The 16550 UART at COM1 (National PC16550D data sheet): text out, input by interrupt on line 4.
 *
 * Output is a terminal's: LF becomes CR LF (include/whittle/console.h). Writers are serialised by the log's and the
 * console device's locks. A break asks the machine to stop. Left out: other ports and speeds, modem lines. x86 only. */
#include <arch/irqflags.h>
#include <arch/port.h>
#include <core/console.h>
#include <core/init.h>
#include <core/irq.h>
#include <core/log.h>
#include <core/stop.h>
#include <whittle/console.h>

COMPONENT("serial", "16550 UART at COM1");

#define COM1     0x3f8
#define COM1_IRQ 4

enum uart_register {
	UART_DATA = 0, UART_IER = 1, UART_FCR = 2, UART_LCR = 3, UART_MCR = 4, UART_LSR = 5, UART_SCRATCH = 7,
};
#define IER_RECEIVED  0x01
#define IER_LINE      0x04 /* errors, and a break */
#define FCR_ENABLE    0xc7 /* FIFOs on and empty; an interrupt for 14 bytes, or what is there after a pause */
#define LCR_8N1       0x03
#define LCR_DIVISOR   0x80 /* the first two registers are the divisor: 1 is 115200 baud */
#define MCR_OUT2      0x0b /* DTR, RTS, and interrupts reach the controller */
#define LSR_RECEIVED  0x01
#define LSR_BREAK     0x10 /* until this register is read */
#define LSR_SENDABLE  0x20

#define INPUT_BATCH 64

static bool present; /* I */

static bool uart_probe(void)
{
	outb(COM1 + UART_SCRATCH, 0x5a);
	if (inb(COM1 + UART_SCRATCH) != 0x5a)
		return false;
	outb(COM1 + UART_LCR, LCR_DIVISOR | LCR_8N1);
	outb(COM1 + UART_DATA, 1);
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_LCR, LCR_8N1);
	outb(COM1 + UART_IER, 0);
	outb(COM1 + UART_FCR, FCR_ENABLE);
	outb(COM1 + UART_MCR, MCR_OUT2);
	present = true;
	return true;
}

/* A break is also received as a zero byte, which is nobody's input: one for each break is dropped when it comes up. */
static uint32_t break_zeroes; /* a */

static uint8_t uart_line_status(void)
{
	uint8_t status = inb(COM1 + UART_LSR);

	if (unlikely(status & LSR_BREAK)) {
		__atomic_fetch_add(&break_zeroes, 1, __ATOMIC_RELAXED);
		machine_stop();
	}
	return status;
}

static bool is_break(char byte)
{
	if (likely(byte || !READ_ONCE(break_zeroes)))
		return false;
	__atomic_fetch_sub(&break_zeroes, 1, __ATOMIC_RELAXED);
	return true;
}

static void uart_put(char c)
{
	while (!(uart_line_status() & LSR_SENDABLE))
		cpu_relax();
	outb(COM1 + UART_DATA, (uint8_t)c);
}

static void uart_write(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n')
			uart_put('\r');
		uart_put(bytes[i]);
	}
}
SET_ENTRY(console, ttyS0, struct console) = {
	"ttyS0", uart_probe, uart_write, .rating = 100, .flags = CONSOLE_LOG | CONSOLE_PROGRAM,
};

/* What finds no room stays in the FIFO, and with QEMU in its pipe, until the reader asks for more. Until then it must not
 * interrupt: its request would hide that of a break. */
static void uart_receive(void)
{
	static bool full;
	char bytes[INPUT_BATCH];
	size_t n, room;

	do {
		room = MIN(sizeof(bytes), console_input_room());
		for (n = 0; n < room && uart_line_status() & LSR_RECEIVED;) {
			bytes[n] = (char)inb(COM1 + UART_DATA);
			n += !is_break(bytes[n]);
		}
		if (n)
			console_input(bytes, n);
	} while (n && n == room);
	if (full != !room) {
		full = !room;
		outb(COM1 + UART_IER, full ? IER_LINE : IER_LINE | IER_RECEIVED);
	}
}

static bool uart_interrupt(void *unused)
{
	(void)uart_line_status();
	uart_receive();
	return true;
}

static struct irq_handler uart_handler = { .handle = uart_interrupt, .name = "ttyS0" };

static void uart_start_input(void)
{
	if (!present)
		return;
	if (irq_request(irq_isa(COM1_IRQ), IRQ_EDGE, &uart_handler) != 0) {
		log_warn("ttyS0: line %d has no controller: no input", COM1_IRQ);
		return;
	}
	console_input_poll = uart_receive;
	outb(COM1 + UART_IER, IER_LINE | IER_RECEIVED);
	if (inb(CONSOLE_LOG_PORT) == CONSOLE_PRESENT)
		uart_put(CONSOLE_READY);
}
INITCALL(40, uart_start_input);
