/* Sockets. */
#include "absent.h"

GROUP(network, "a pen has no network: leave the call out, or answer it in the port")
CALL(network, socket)
CALL(network, connect)
CALL(network, bind)
CALL(network, listen)
CALL(network, accept)
CALL(network, sendto)
CALL(network, recv)
CALL(network, recvfrom)
CALL(network, setsockopt)
CALL(network, gethostbyname)
CALL(network, getaddrinfo)
CALL(network, inet_addr)
