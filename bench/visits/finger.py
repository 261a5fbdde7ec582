"""A finger on a touch screen that is none: the X server's own test driver plays it."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path

from .motion import Step

#: of xf86-input-inputtest-protocol.h
_VERSION, _TOUCH = 0, 6
_BEGIN, _UPDATE, _END = 18, 19, 20
_HEAD = struct.Struct("=II")
#: touch id, kind; no unaccelerated values; mask of the first two axes; 64 axes, twice
_BODY = struct.Struct("=III8s4x128d")
_AXIS_MAX = 0xFFFF
_FIRST_TWO = bytes([0b11, *bytes(7)])

CONFIGURATION = """
Section "ServerFlags"
  Option "AutoAddDevices" "false"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 32768
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
  Modeline "{width}x{height}" 90 1280 1360 1496 1712 900 903 913 940
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Modes "{width}x{height}"
  EndSubSection
EndSection
Section "InputDevice"
  Identifier "mouse"
  Driver "inputtest"
  Option "SocketPath" "{folder}/mouse"
  Option "DeviceType" "Pointer"
EndSection
Section "InputDevice"
  Identifier "keys"
  Driver "inputtest"
  Option "SocketPath" "{folder}/keys"
  Option "DeviceType" "Keyboard"
EndSection
Section "InputDevice"
  Identifier "finger"
  Driver "inputtest"
  Option "SocketPath" "{folder}/finger"
  Option "DeviceType" "Touch"
  Option "TouchCount" "5"
EndSection
Section "ServerLayout"
  Identifier "all"
  Screen "screen"
  InputDevice "mouse" "CorePointer"
  InputDevice "keys" "CoreKeyboard"
  InputDevice "finger" "SendCoreEvents"
EndSection
"""


class Finger:
    """One finger, on a screen with that size in pixels."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._scale = _AXIS_MAX / width, _AXIS_MAX / height
        self._touches = 0
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.sendall(_HEAD.pack(12, _VERSION) + struct.pack("=HH", 1, 1))
        self._socket.recv(12)

    def touch(self, steps: Sequence[Step]) -> None:
        """Down at the first step, along the others, and up at the last."""
        self._touches += 1
        for at, step in enumerate(steps):
            time.sleep(step.wait_s)
            self._send(_UPDATE if at else _BEGIN, step)
        self._send(_END, steps[-1])

    def _send(self, kind: int, step: Step) -> None:
        axes = [step.x * self._scale[0], step.y * self._scale[1], *[0.0] * 126]
        body = _BODY.pack(self._touches, kind, 0, _FIRST_TWO, *axes)
        self._socket.sendall(_HEAD.pack(_HEAD.size + len(body), _TOUCH) + body)

    def close(self) -> None:
        """Let go of the screen."""
        self._socket.close()
