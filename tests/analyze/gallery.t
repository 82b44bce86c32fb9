#!/bin/sh
# Some of the gallery on kernels that are cut to the program; tests/long/fitted.t has all of it.
# TIME LIMIT: 600
export FITTED="tests/apps/lua.t tests/apps/sqlite.t"
exec tests/long/fitted.t
