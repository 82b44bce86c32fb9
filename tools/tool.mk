# build/whittle, the host tool. It shares no code with the kernel but the formats in include/whittle.
HOSTCC      = gcc
TOOL        = $(BUILD)/whittle
TOOL_CFLAGS = -std=gnu11 -O2 -g -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Wshadow -Wundef -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough \
	-Wredundant-decls -Wlogical-op -Wno-missing-field-initializers -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion -Werror=return-type -I. -Iinclude
TOOL_SOURCES := $(sort $(wildcard tools/*.c tools/util/*.c tools/link/*.c tools/elf/*.c tools/image/*.c tools/run/*.c \
	tools/analyze/*.c tools/verify/*.c))
TOOL_OBJECTS  = $(TOOL_SOURCES:%.c=$(BUILD)/o/%.o)

tool: $(TOOL)

$(TOOL): $(TOOL_OBJECTS)
	@echo '  LD      $@'
	@$(HOSTCC) -o $@ $^ -lelf -ljansson -lcapstone

$(BUILD)/o/tools/%.o: tools/%.c | tool-needs
	@mkdir -p $(@D)
	@echo '  HOSTCC  $<'
	@$(HOSTCC) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/o/tools/run/gdb_script.o: tools/run/gdb.py

# The calls of Linux by number, from the UAPI header of Debian's 6.1.
$(BUILD)/o/tools/analyze/calls.o: TOOL_CFLAGS += -I$(BUILD)/o/tools/analyze
$(BUILD)/o/tools/analyze/calls.o: $(BUILD)/o/tools/analyze/calls.inc
$(BUILD)/o/tools/analyze/calls.inc: /usr/include/x86_64-linux-gnu/asm/unistd_64.h
	@mkdir -p $(@D)
	@sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$$/[\2] = "\1",/p' $< > $@

# Names all that is missing at once, by Debian package.
.PHONY: tool-needs
tool-needs:
	@missing=; \
	command -v $(HOSTCC) > /dev/null || missing="$$missing gcc"; \
	command -v ld > /dev/null || missing="$$missing binutils"; \
	test -e /usr/include/libelf.h || missing="$$missing libelf-dev"; \
	test -e /usr/include/capstone/capstone.h || missing="$$missing libcapstone-dev"; \
	test -e /usr/include/jansson.h || missing="$$missing libjansson-dev"; \
	test -z "$$missing" || { echo "not installed:$$missing (make demo installs what is missing)"; exit 1; }

PREFIX ?= /usr/local
.PHONY: install
install: tool components
	install -D -m 755 $(TOOL) $(DESTDIR)$(PREFIX)/bin/whittle
	install -d $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/absent $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/profiles
	install -m 644 $(COMP)/kernel.a $(COMP)/*.lds $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/
	$(if $(ABSENT),install -m 644 $(ABSENT_OBJECTS) $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/absent/)
	install -m 644 profiles/$(ARCH)/* $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/profiles/
	install -D -m 644 docs/man/whittle.1 $(DESTDIR)$(PREFIX)/share/man/man1/whittle.1
	$(DESTDIR)$(PREFIX)/bin/whittle components --json > /dev/null # writes the id beside the archive

-include $(TOOL_OBJECTS:.o=.d)
