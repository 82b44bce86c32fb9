# Whittle. `make` builds the tool and the components; `make demo` and `make check` are described in README.md.
#
# Every source becomes one object, compiled once; a kernel is a link of some of them (link/), made by build/whittle.
ARCH  ?= x86_64
BUILD ?= build
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SECONDEXPANSION:

all: tool components

include scripts/scripts.mk
include arch/$(ARCH)/arch.mk
include link/components.mk
-include net/lwip/lwip.mk
-include exec/vdso/vdso.mk
-include abi/abi.mk
-include tools/tool.mk
-include tests/tests.mk
-include bench/bench.mk
-include demo/demo.mk

.PHONY: all tool components clean
tool components:

clean:
	rm -rf $(BUILD)
