# How x86-64 is compiled. LEGACY_CALLS: this architecture has the calls that newer ones dropped (abi/legacy).
CROSS        ?=
ARCH_CFLAGS   = -m64 -mno-red-zone -mgeneral-regs-only -mtune=generic -mpreferred-stack-boundary=3
LEGACY_CALLS  = yes
UAPI_DIR     ?= /usr/include
UAPI_ASM_DIR ?= /usr/include/x86_64-linux-gnu
