/* Included before every lwIP source: our basic types, and which component its object belongs to. */
#include "core/kernel.h"

COMPONENT("lwip", "TCP/IP: the lwIP stack of Debian's source package");
