# build/whittle, the host tool. It shares no code with the kernel but the formats in include/whittle.
HOSTCC      = gcc
TOOL        = $(BUILD)/whittle
TOOL_CFLAGS = -std=gnu11 -O2 -g -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Wshadow -Wundef -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough \
	-Wredundant-decls -Wlogical-op -Wno-missing-field-initializers -Werror=implicit-function-declaration \
	-Werror=incompatible-pointer-types -Werror=int-conversion -Werror=return-type -I. -Iinclude
TOOL_SOURCES := $(sort $(wildcard tools/*.c tools/util/*.c tools/link/*.c tools/elf/*.c tools/image/*.c tools/run/*.c \
	tools/analyze/*.c tools/verify/*.c tools/size/*.c))
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
$(BUILD)/o/tools/size/html.o: tools/size/page.html

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

# Bounds of the functions of this machine's C library, by build-id: the symbol tables of libc6-dbg and nothing else of it.
# With them `whittle analyze` says less of a dynamic program, and as surely; without, more (docs/decisions/analysis.md).
BOUNDS = $(COMP)/bounds
tool: $(BOUNDS)/stamp
$(BOUNDS)/stamp: $(wildcard /lib/x86_64-linux-gnu/libc.so.6)
	@mkdir -p $(@D)
	@for lib in $$(dpkg -L libc6 2> /dev/null | grep -E '/[^/]+\.so\.[0-9]+$$'); do \
		id=$$(readelf -n $$lib 2> /dev/null | sed -n 's/.*Build ID: //p'); \
		debug=/usr/lib/debug/.build-id/$$(echo $$id | cut -c-2)/$$(echo $$id | cut -c3-).debug; \
		test ! -f "$$debug" || objcopy --strip-debug --remove-section=.comment $$debug $(@D)/$$id || exit 1; \
	done
	@touch $@

# For tests/analyze/mutations.t, which builds the tool with one file changed.
.PHONY: tool-objects tool-cflags
tool-objects:
	@echo $(TOOL_OBJECTS)
tool-cflags:
	@echo '$(TOOL_CFLAGS)'

PREFIX ?= /usr/local
.PHONY: install
install: tool components
	install -D -m 755 $(TOOL) $(DESTDIR)$(PREFIX)/bin/whittle
	install -d $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/absent $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/profiles
	install -m 644 $(COMP)/kernel.a $(COMP)/*.lds $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/
	$(if $(ABSENT),install -m 644 $(ABSENT_OBJECTS) $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/absent/)
	install -m 644 profiles/$(ARCH)/* $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/profiles/
	install -d $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/bounds
	$(if $(wildcard $(BOUNDS)/*),install -m 644 $(BOUNDS)/* $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/bounds/)
	rm -f $(DESTDIR)$(PREFIX)/lib/whittle/$(ARCH)/bounds/stamp
	install -D -m 644 docs/man/whittle.1 $(DESTDIR)$(PREFIX)/share/man/man1/whittle.1
	$(DESTDIR)$(PREFIX)/bin/whittle components --json > /dev/null # writes the id beside the archive

# A Debian package of what `make install` installs: build/whittle_VERSION_ARCH.deb. The same commit gives the same bytes.
DEB_ROOT    = $(BUILD)/deb
DEB_ARCH    = $(shell dpkg --print-architecture)
DEB_VERSION = 0+git$(shell git rev-list --count HEAD 2> /dev/null || echo 0)
DEB         = $(BUILD)/whittle_$(DEB_VERSION)_$(DEB_ARCH).deb
.PHONY: deb
deb: tool components
	@rm -rf $(DEB_ROOT) $(BUILD)/whittle_*.deb && mkdir -p $(DEB_ROOT)/DEBIAN $(DEB_ROOT)/debian
	@$(MAKE) --no-print-directory -s install DESTDIR=$(abspath $(DEB_ROOT)) PREFIX=/usr
	@strip $(DEB_ROOT)/usr/bin/whittle
	@install -D -m 644 LICENSE $(DEB_ROOT)/usr/share/doc/whittle/copyright
	@printf 'Source: whittle\n\nPackage: whittle\nArchitecture: any\n' > $(DEB_ROOT)/debian/control
	@needs=$$(cd $(DEB_ROOT) && dpkg-shlibdeps -O usr/bin/whittle | sed 's/^shlibs:Depends=//') && rm -rf $(DEB_ROOT)/debian && \
	printf '%s\n' 'Package: whittle' 'Version: $(DEB_VERSION)' 'Architecture: $(DEB_ARCH)' 'Section: utils' 'Priority: optional' \
		'Maintainer: the Whittle project <whittle@localhost>' "Installed-Size: $$(du -ks $(DEB_ROOT)/usr | cut -f1)" \
		"Depends: $$needs, binutils, erofs-utils" 'Recommends: qemu-system-x86' \
		'Description: unikernels cut to the program that they run' \
		' Runs one unmodified Linux program per virtual machine, on a kernel that is linked from' \
		' components to hold what its hypervisor and its program need. Making one takes no compiler.' \
		> $(DEB_ROOT)/DEBIAN/control
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2> /dev/null || echo 0) dpkg-deb --root-owner-group -Zxz --build $(DEB_ROOT) $(DEB) > /dev/null
	@echo '  DEB     $(DEB)'

-include $(TOOL_OBJECTS:.o=.d)
