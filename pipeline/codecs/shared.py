"""Messages between two processes of this machine; arrays are handed over in shared memory.

References
----------
.. [1] PEP 574, "Pickle protocol 5 with out-of-band data".
"""

import mmap
import os
import pickle
import socket
import struct
import tempfile
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

AVAILABLE = hasattr(socket, "send_fds")
"""Whether this system can hand over memory; Windows cannot."""

_LENGTH = struct.Struct("<Q")
_KEPT = 1 << 25
"""Largest array in bytes that goes through memory that is kept. New memory costs five times as much as a copy."""

_ALIGNED = 64
_ALONE = -1
"""Place of an array that has memory of its own."""


class Block(mmap.mmap):
    """Memory that another process can map too, freed with the last map of it."""

    fd: int

    def __new__(cls, fd: int, length: int) -> "Block":
        """Map `length` bytes of an open file, which the block closes."""
        block = super().__new__(cls, fd, length)
        block.fd = fd
        return block

    def __del__(self) -> None:
        os.close(self.fd)


def empty(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return a new array in shared memory, where the system has some; a message hands it over without a copy."""
    if not AVAILABLE:
        return np.empty(shape, dtype)
    length = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(_new_block(length), dtype, int(np.prod(shape))).reshape(shape)


def _new_block(length: int) -> Block:
    """Return new memory of at least one byte."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("studio")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.truncate(fd, max(length, 1))
    return Block(fd, max(length, 1))


class Channel:
    """One side of a connection on which the sides send by turns.

    Parameters
    ----------
    connection : socket
        Of the family AF_UNIX; its timeout holds for each of the steps.
    keeps : bool
        Whether arrays that are received stay valid; else they may be overwritten after the next turn.
    """

    def __init__(self, connection: socket.socket, *, keeps: bool) -> None:
        self._socket = connection
        self._keeps = keeps
        self._sent = self._received = _new_block(1)

    def send(self, content: object) -> None:
        """Send an object that pickle takes.

        Raises
        ------
        OSError
            If the other side is gone or does not listen.
        """
        arrays: list[memoryview] = []
        data = pickle.dumps(content, protocol=5, buffer_callback=lambda array: arrays.append(array.raw()))
        blocks: list[Block] = []
        layout: list[tuple[int, int]] = []
        end = 0
        for array in arrays:
            block = _owner(array) or (_copied(array) if array.nbytes > _KEPT else None)
            layout.append((array.nbytes, _ALONE if block else end))
            if block:
                blocks.append(block)
            else:
                end += -(-array.nbytes // _ALIGNED) * _ALIGNED
        if end > len(self._sent):
            self._sent = _new_block(end)
            blocks.append(self._sent)
        for array, (length, place) in zip(arrays, layout, strict=True):
            if place != _ALONE:
                self._sent[place : place + length] = array
        head = pickle.dumps((layout, len(blocks), data))
        self._socket.sendall(_LENGTH.pack(len(head)) + head)
        for block in blocks:
            socket.send_fds(self._socket, [b"."], [block.fd])

    def receive(self) -> Any:
        """Return the next object that the other side sent.

        Raises
        ------
        EOFError
            If the other side is gone.
        OSError
            If it does not answer in time.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        # S301: it comes from a process of the same program.
        layout, count, data = pickle.loads(self._exactly(length))  # noqa: S301
        blocks = [self._block() for _ in range(count)]
        if count > sum(place == _ALONE for _, place in layout):
            self._received = blocks.pop()
        alone = iter(blocks)
        arrays = [
            memoryview(next(alone))[:length] if place == _ALONE else self._part(place, length)
            for length, place in layout
        ]
        return pickle.loads(data, buffers=arrays)  # noqa: S301

    def _part(self, place: int, length: int) -> Any:
        part = np.frombuffer(self._received, np.uint8, length, place)
        return part.copy() if self._keeps else part

    def _block(self) -> Block:
        _, fds, _, _ = socket.recv_fds(self._socket, 1, 1)
        if not fds:
            raise EOFError
        return Block(fds[0], os.fstat(fds[0]).st_size)

    def _exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        view, at = memoryview(data), 0
        while at < length:
            count = self._socket.recv_into(view[at:])
            if not count:
                raise EOFError
            at += count
        return data


def _owner(array: memoryview) -> Block | None:
    """Return the block that an array fills."""
    owner: object = array.obj
    while isinstance(owner, np.ndarray):
        owner = owner.base
    owner = owner.obj if isinstance(owner, memoryview) else owner
    return owner if isinstance(owner, Block) and len(owner) == array.nbytes else None


def _copied(array: memoryview) -> Block:
    block = _new_block(array.nbytes)
    block[: array.nbytes] = array
    return block
