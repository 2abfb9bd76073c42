"""First on PYTHONPATH, this keeps every Python process off the network, but for this machine."""

import errno
import socket

_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo
WORDS = "the tests keep off the network"


def is_local(host):
    return host in (None, "", "localhost", "::1", "0.0.0.0", b"localhost") or str(
        host if isinstance(host, str) else host.decode()
    ).startswith("127.")


def connect(self, address):
    if isinstance(address, tuple) and not is_local(address[0]):
        raise OSError(errno.ENETUNREACH, WORDS)
    return _connect(self, address)


def connect_ex(self, address):
    if isinstance(address, tuple) and not is_local(address[0]):
        return errno.ENETUNREACH
    return _connect_ex(self, address)


def getaddrinfo(host, *arguments, **options):
    if not is_local(host):
        raise socket.gaierror(socket.EAI_AGAIN, WORDS)
    return _getaddrinfo(host, *arguments, **options)


socket.socket.connect, socket.socket.connect_ex = connect, connect_ex
socket.getaddrinfo = getaddrinfo
