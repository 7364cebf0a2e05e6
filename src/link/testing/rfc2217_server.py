# SPDX-License-Identifier: Apache-2.0
# A one-client RFC 2217 server from Debian's pyserial (serial.rfc2217.PortManager), for tests: prints its port on the
# first line, then every change of the serial port that the client makes. The serial port is a loop of this process.
import socket
import sys

import serial
from serial.rfc2217 import PortManager


class LoopPort:
    """What PortManager needs of a port; data is echoed, changes are told."""

    cts = dsr = ri = cd = False
    xonxoff = rtscts = False
    baudrate, bytesize, parity, stopbits = 9600, 7, serial.PARITY_ODD, serial.STOPBITS_TWO

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        print(name, int(value) if isinstance(value, bool) else value, flush=True)

    def reset_input_buffer(self):
        print('purge', 'rx', flush=True)

    def reset_output_buffer(self):
        print('purge', 'tx', flush=True)


server = socket.create_server(('127.0.0.1', 0))
print(server.getsockname()[1], flush=True)
connection, _ = server.accept()


class Writer:
    def write(self, data):
        connection.sendall(data)


port = LoopPort()
manager = PortManager(port, Writer())
while True:
    data = connection.recv(1024)
    if not data:
        sys.exit(0)
    plain = b''.join(manager.filter(data))
    if plain:
        connection.sendall(b''.join(manager.escape(plain)))
