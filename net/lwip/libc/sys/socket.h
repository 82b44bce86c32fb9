/* linux/if.h includes this for struct sockaddr. */
#include "net/socket.h"
