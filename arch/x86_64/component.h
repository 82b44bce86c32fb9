/* COMPONENT "name", "line": what core/set.h's COMPONENT() is in C, for sources in assembly. */
	.macro COMPONENT name, line
	.pushsection .whittle.component, "", @progbits
	.asciz "\name"
	.asciz "\line"
	.popsection
	.endm
