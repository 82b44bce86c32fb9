/* What the socket layer says in /proc/sys/net/core. */
#include <fs/proc/procfile.h>
#include <net/socket.h>

COMPONENT("sockets", "sockets, whatever their family");

PROC_NUMBER(sys_somaxconn, "sys/net/core/somaxconn", SOMAXCONN);
