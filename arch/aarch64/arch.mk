# How AArch64 is compiled. There are headers only so far: the seam test compiles the floors above against them.
CROSS        ?= aarch64-linux-gnu-
ARCH_CFLAGS   = -mgeneral-regs-only -mno-outline-atomics
LEGACY_CALLS  = no
UAPI_DIR     ?= /usr/aarch64-linux-gnu/include
UAPI_ASM_DIR ?= /usr/aarch64-linux-gnu/include
