# What the build needs of the machine. Plain make only names what is missing; `make deps` installs it, and so do the
# targets that a newcomer types.
DEPS_BY_THEMSELVES = deps demo check check-long check-fresh bench clean
ifeq ($(if $(MAKECMDGOALS),$(filter $(DEPS_BY_THEMSELVES),$(MAKECMDGOALS))),)
MISSING_PACKAGES := $(shell scripts/deps --check build run)
ifneq ($(MISSING_PACKAGES),)
$(error not installed: $(MISSING_PACKAGES): run 'make deps')
endif
endif

# Debian source packages, pinned in scripts/sources: a rule that reads build/src/NAME names build/src/NAME.stamp.
$(BUILD)/src/%.stamp: scripts/sources scripts/fetch-source
	@BUILD=$(BUILD) scripts/fetch-source $* && touch $@

.PHONY: deps
deps:
	@scripts/deps
